import { formatShape, sizeOf } from '../program/tensor.ts';
import {
  conversionOf,
  describeColumn,
  isScalar,
  numbersIn,
  wantOfInput,
  wantOfOutput,
  type Conversion,
  type ShapedColumn,
  type Want,
} from './fit.ts';
import type { ModelPorts } from './ports.ts';

/** What a model is trained to do with data. */
export const tasks = [
  'reconstruct',
  'denoise',
  'classify',
  'regress',
  'image-to-image',
  'pairs',
] as const;
export type Task = (typeof tasks)[number];

/** Columns that a user has chosen: one, or several numbers that are stacked, by input and by output. */
export interface ChosenColumns {
  readonly inputs: Readonly<Record<string, string | readonly string[]>>;
  readonly outputs: Readonly<Record<string, string | readonly string[]>>;
}

/** What one input takes from the data, or an output learns from. */
export interface Tie {
  readonly role: 'input' | 'output';
  /** The input's or output's name. */
  readonly port: string;
  /** One, or several columns of a number each, stacked. */
  readonly columns: readonly string[];
  readonly as: Conversion;
  /** Noise is added to what goes in. */
  readonly noisy: boolean;
  /** Why this column: the user's choice, the same name, what the task asks for, the first that fits. */
  readonly why: 'chosen' | 'name' | 'task' | 'shape';
}

/** An input or output that nothing in the data fits, or not what was chosen for it. */
export interface MappingProblem {
  /** `unknown-port` and `unknown-column` are wrong names in what was chosen. */
  readonly code: 'unfit' | 'ambiguous' | 'unknown-port' | 'unknown-column' | 'no-target';
  readonly role: 'input' | 'output';
  readonly port: string;
  /** What is wanted, as Keras writes shapes. */
  readonly expected: string;
  /** What there is, for people. */
  readonly received: string;
  /** For people, in English. */
  readonly message: string;
}

/** How a dataset's columns meet a model. It can be trained on when there are no problems. */
export interface Mapping {
  readonly ties: readonly Tie[];
  readonly problems: readonly MappingProblem[];
}

/** The columns that pairs add: the other image, and whether both are of one class. */
export const PAIR_COLUMNS = { other: 'other', same: 'same' } as const;

/** What a column of targets is often called, in the order of trust. */
const TARGET_NAMES = ['target', 'targets', 'output', 'y', 'label', 'labels', 'clean', 'mask'];

/** An input or an output, and what was found for it. */
interface Place extends Want {
  readonly role: Tie['role'];
  readonly port: string;
}

/**
 * Ties a dataset's columns to a model's inputs and outputs: what is chosen, else by name, else by what the task asks
 * for and the first that fits by shape. An input never takes by itself what the task is to find out. What can't be
 * tied is a problem that names the port, what it takes and what there is.
 */
export function mapColumns(
  ports: ModelPorts,
  given: readonly ShapedColumn[],
  task: Task,
  chosen: ChosenColumns = { inputs: {}, outputs: {} },
): Mapping {
  const columns = task === 'pairs' ? withPairs(given) : given;
  const restores = task === 'reconstruct' || task === 'denoise';
  const inputs = ports.inputs.map((port): Place => ({
    role: 'input',
    port: port.name,
    ...wantOfInput(port),
  }));
  const outputs = ports.outputs.map((port): Place => ({
    role: 'output',
    port: port.name,
    ...wantOfOutput(port),
  }));
  const ties = new Map<Place, Tie>();
  const problems: MappingProblem[] = [];

  const fit = (place: Place, list: readonly ShapedColumn[]) =>
    conversionOf(place, list, { regress: task === 'regress' && place.role === 'output' });
  /** Ties these columns if they fit and nothing is tied yet. */
  function tie(place: Place, list: readonly ShapedColumn[], why: Tie['why']): boolean {
    const as = ties.has(place) ? null : fit(place, list);
    if (as === null) return false;
    const { role, port } = place;
    const noisy = task === 'denoise' && role === 'input' && as === 'values';
    ties.set(place, { role, port, columns: list.map(({ name }) => name), as, noisy, why });
    return true;
  }
  function problem(code: MappingProblem['code'], place: Place, received: string, hint = '') {
    if (problems.some(({ role, port }) => role === place.role && port === place.port)) return;
    const { role, port } = place;
    const expected = describeWant(place);
    const verb = role === 'input' ? 'takes' : 'gives';
    const message = `${role} ${port} ${verb} ${expected}; ${received}${hint}`;
    problems.push({ code, role, port, expected, received, message });
  }
  const open = (places: readonly Place[]) =>
    places.filter(
      (place) =>
        !ties.has(place) &&
        !problems.some(({ role, port }) => role === place.role && port === place.port),
    );
  const usedBy = (places: readonly Place[]) =>
    new Set(places.flatMap((place) => ties.get(place)?.columns ?? []));
  const all = columns.map(describeColumn).join(', ') || 'none';

  function takeChosen(places: readonly Place[], names: ChosenColumns['inputs']) {
    for (const [port, name] of Object.entries(names)) {
      const place = places.find((one) => one.port === port);
      if (!place) {
        const role = places[0]?.role ?? 'input';
        const known = places.map((one) => one.port).join(', ');
        const message = `there is no ${role} ${port}; there are ${known}`;
        problems.push({
          code: 'unknown-port',
          role,
          port,
          expected: known,
          received: port,
          message,
        });
        continue;
      }
      const list = [name].flat().map((one) => columns.find((column) => column.name === one) ?? one);
      const missing = list.find((one) => typeof one === 'string');
      const found = list.filter((one) => typeof one !== 'string');
      if (missing !== undefined)
        problem('unknown-column', place, `there is no column ${missing}; there are ${all}`);
      else if (!tie(place, found, 'chosen'))
        problem('unfit', place, `chosen is ${found.map(describeColumn).join(', ')}`);
    }
  }

  /** Ties open places to columns of numbers, stacked, if exactly as many are wanted as there are. */
  function tieNumbers(places: readonly Place[], numbers: readonly ShapedColumn[], why: Tie['why']) {
    const wanted = places.map((place) => sizeOf(place.shape.slice(1)) ?? 0);
    if (numbers.length === 0 || sum(wanted) !== numbersIn(numbers)) return;
    const left = [...numbers];
    places.forEach((place, i) => {
      const taken: ShapedColumn[] = [];
      while (left.length > 0 && numbersIn(taken)! < wanted[i]!) taken.push(left.shift()!);
      tie(place, taken, why);
    });
  }

  /** The columns that the task asks for at the outputs, the likeliest first. */
  function sought(): readonly ShapedColumn[] {
    const by = (...kinds: readonly ShapedColumn['kind'][]) =>
      kinds.flatMap((kind) => columns.filter((column) => column.kind === kind));
    switch (task) {
      case 'reconstruct':
      case 'denoise':
        return [...usedBy(inputs)].map((name) => columns.find((column) => column.name === name)!);
      case 'classify':
        return by('class', 'numbers');
      case 'regress':
        return targetsFirst(by('numbers', 'class'));
      case 'image-to-image':
        return targetsFirst(by('image')).slice(0, Math.max(0, by('image').length - inputs.length));
      case 'pairs':
        return by('numbers').filter(({ name }) => name === PAIR_COLUMNS.same);
    }
  }

  function tieOutputs() {
    const reserved = restores ? new Set<string>() : usedBy(inputs);
    const candidates = sought().filter(({ name }) => !reserved.has(name));
    const vectors = candidates.filter((column) => !(task === 'regress' && isScalar(column)));
    for (const place of open(outputs)) {
      const fresh = vectors.filter(({ name }) => !usedBy(outputs).has(name));
      void [...fresh, ...(restores ? vectors : [])].some((column) => tie(place, [column], 'task'));
    }
    if (restores)
      for (const place of open(outputs))
        void inputs.some((input) => {
          const names = ties.get(input)?.columns ?? [];
          return tie(
            place,
            names.map((name) => columns.find((one) => one.name === name)!),
            'task',
          );
        });
    if (task === 'regress') tieTargets(candidates.filter(isScalar));
    // Of several outputs, those that the task does not reach learn what else fits.
    if (outputs.length > 1)
      for (const place of open(outputs))
        void columns.some((column) => tie(place, [column], 'shape'));
    for (const place of open(outputs)) unfitOutput(place, candidates);
  }

  /** Numbers to predict: those that are called so, else the last ones, as many as are wanted. */
  function tieTargets(scalars: readonly ShapedColumn[]) {
    const places = open(outputs);
    const wanted = sum(places.map((place) => sizeOf(place.shape.slice(1)) ?? 0));
    const called = scalars.filter(isCalledTarget);
    const inOrder = columns.filter((column) => scalars.includes(column));
    tieNumbers(
      places,
      called.length >= wanted ? called.slice(0, wanted) : inOrder.slice(-wanted),
      'task',
    );
  }

  function unfitOutput(place: Place, candidates: readonly ShapedColumn[]) {
    if (candidates.length === 0)
      return problem('no-target', place, `to ${task} there is no column; there are ${all}`);
    const there = candidates.map(describeColumn).join(', ');
    problem('unfit', place, `to ${task} there is ${there}`, lossHint(place, candidates));
  }

  function tieInputs() {
    const reserved = restores ? new Set<string>() : targetsOfTask();
    const free = columns.filter(({ name }) => !reserved.has(name));
    const whole = (place: Place) => (column: ShapedColumn) =>
      // One number among many says nothing about which one is meant.
      isScalar(column) && free.filter(isScalar).length > 1 ? false : tie(place, [column], 'shape');
    for (const place of open(inputs)) {
      const used = usedBy(inputs);
      void (
        free.filter(({ name }) => !used.has(name)).some(whole(place)) || free.some(whole(place))
      );
    }
    const used = usedBy(inputs);
    const numbers = free.filter(({ kind, name }) => kind === 'numbers' && !used.has(name));
    tieNumbers(open(inputs), numbers, 'shape');
    for (const place of open(inputs)) {
      const wanted = sizeOf(place.shape.slice(1));
      if (place.shape.length <= 2 && wanted !== null && (numbersIn(numbers) ?? 0) > wanted)
        problem(
          'ambiguous',
          place,
          `there are ${numbers.length} columns of numbers, ${numbers.map(({ name }) => name).join(', ')}`,
          `; choose ${wanted}`,
        );
      else
        problem('unfit', place, `there is ${free.map(describeColumn).join(', ') || 'no column'}`);
    }
  }

  /** What the outputs learn by the task; an input does not take it by itself. */
  function targetsOfTask(): Set<string> {
    const found = outputs.map((place) => ties.get(place)).filter((one) => one?.why !== 'shape');
    return new Set(found.flatMap((one) => one?.columns ?? []));
  }

  takeChosen(inputs, chosen.inputs);
  takeChosen(outputs, chosen.outputs);
  for (const place of [...open(inputs), ...open(outputs)]) {
    const column = columns.find(({ name }) => name.toLowerCase() === place.port.toLowerCase());
    if (column) tie(place, [column], 'name');
  }
  if (restores) {
    tieInputs();
    tieOutputs();
  } else {
    tieOutputs();
    tieInputs();
  }
  return { ties: [...inputs, ...outputs].flatMap((place) => ties.get(place) ?? []), problems };
}

/** The tasks that a model could be trained for with these columns. */
export function fittingTasks(ports: ModelPorts, columns: readonly ShapedColumn[]): Task[] {
  return tasks.filter((task) => mapColumns(ports, columns, task).problems.length === 0);
}

/** The columns with those that pairs add. */
function withPairs(columns: readonly ShapedColumn[]): readonly ShapedColumn[] {
  const image = columns.find(({ kind }) => kind === 'image');
  if (!image || !columns.some(({ kind }) => kind === 'class')) return columns;
  const same: ShapedColumn = { name: PAIR_COLUMNS.same, kind: 'numbers', shape: [1] };
  return [...columns, { ...image, name: PAIR_COLUMNS.other }, same];
}

const isCalledTarget = ({ name }: ShapedColumn) => TARGET_NAMES.includes(name.toLowerCase());

/** Columns that are called like targets first, then the others from the last one on. */
function targetsFirst(columns: readonly ShapedColumn[]): ShapedColumn[] {
  const others = columns.filter((column) => !isCalledTarget(column));
  return [...columns.filter(isCalledTarget), ...others.reverse()];
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** `float32 (None, 28, 28, 1)`; of an output whose loss compares class numbers, what it gives itself. */
function describeWant({ shape, dtype, classes }: Want): string {
  return `${classes === undefined ? dtype : 'float32'} ${formatShape(classes === undefined ? shape : [...shape, classes])}`;
}

/** What to change when the loss compares class numbers and the task something else, or the other way around. */
function lossHint({ classes }: Want, candidates: readonly ShapedColumn[]): string {
  const classColumn = candidates.some(({ kind }) => kind === 'class');
  if (classes !== undefined && !classColumn)
    return '; the loss compares class numbers, so the task would be classify, or another loss is needed';
  return '';
}
