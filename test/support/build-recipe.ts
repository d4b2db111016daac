import { compose, type Composed, type ComposedCall } from '../../shared/keras/compose.ts';
import type { Composer, LayerFunction, SymbolicTensor } from '../../shared/keras/compose.ts';
import { toSnakeCase } from '../../shared/keras/names.ts';
import type { JsonObject, ModelSpec } from '../../shared/keras/spec.ts';
import { layerFits, mergeFits, type LayerRecipe } from './random-layers.ts';
import type { ModelRecipe, Recipe, Step } from './random-model.ts';

/** Composes the model; it is the only one of `models`. What no step takes becomes an output. */
export function buildModel(recipe: Recipe): ModelSpec {
  return compose((composer) => {
    const workshop = new Workshop(composer, recipe);
    return workshop.model(recipe, recipe.inputs, 'root', true).call;
  });
}

type Callable = LayerFunction<SymbolicTensor | readonly SymbolicTensor[]>;

/** What stands ready to be called again. */
interface Made {
  readonly call: Callable;
  /** Of each input. */
  readonly shapes: readonly (readonly number[])[];
}

/** A model while it is made. */
interface Room {
  readonly pool: SymbolicTensor[];
  readonly taken: Set<SymbolicTensor>;
  readonly names: Map<string, Composed>;
}

class Workshop {
  private readonly composer: Composer;
  private readonly habits: Pick<Recipe, 'names' | 'waste'>;
  private readonly given = new Set<string>();
  private readonly made: Made[] = [];
  private readonly models: { inputs: SymbolicTensor[]; inside: SymbolicTensor[] }[] = [];

  constructor(composer: Composer, habits: Pick<Recipe, 'names' | 'waste'>) {
    this.composer = composer;
    this.habits = habits;
  }

  /** Composes a model, and says which of the tensors that were meant for it it takes. */
  model(
    { steps, frozen }: ModelRecipe,
    shapes: readonly (readonly number[])[],
    name: string,
    outermost = false,
  ) {
    const room: Room = { pool: [], taken: new Set(), names: new Map() };
    const inputs = shapes.map((shape) => {
      const tensor = this.composer.input(shape, { name: this.freeName('InputLayer', room) });
      room.names.set(tensor.layer.config.name, tensor.layer);
      return tensor;
    });
    room.pool.push(...inputs);
    for (const step of steps) this.step(step, room);
    const inside = room.pool.slice(inputs.length);
    const ends = inside.filter((tensor) => !room.taken.has(tensor));
    const outputs =
      ends.length > 0 ? ends.slice(outermost && this.habits.waste ? -1 : 0) : [inputs[0]!];
    this.models.push({ inputs, inside });
    const needed = this.inputsFor(inputs, outputs);
    const call = this.composer.model(needed, outputs.length === 1 ? outputs[0]! : outputs, {
      name,
      ...(frozen && { trainable: false }),
    });
    return { call, takes: needed.map((input) => inputs.indexOf(input)) };
  }

  private step(step: Step, room: Room): void {
    switch (step.do) {
      case 'layer': {
        const x = at(
          room.pool.filter((tensor) => layerFits(step.layer, shapeOf(tensor))),
          step.from,
        );
        if (x) this.make(this.layer(step.layer, room), [x], room);
        return;
      }
      case 'merge': {
        const a = at(room.pool, step.from)!;
        const fitting = room.pool.filter((b) => mergeFits(step.merge, shapeOf(a), shapeOf(b)));
        const b = at(fitting, step.and);
        const layer = { class_name: step.merge, config: {} };
        if (b) this.make(this.layer(layer, room), [a, b], room);
        return;
      }
      case 'sequential': {
        const x = at(room.pool, step.from)!;
        const chain = this.chain(step.chain, shapeOf(x));
        const name = this.freeName('Sequential', room);
        if (chain.length > 1)
          this.make(this.composer.sequential(chain as never, { name }), [x], room);
        return;
      }
      case 'model': {
        const tensors = step.from.map((from) => at(room.pool, from)!);
        const name = this.freeName('Functional', room);
        const { call, takes } = this.model(step.model, tensors.map(shapeOf), name);
        const taken = takes.map((i) => tensors[i]!);
        this.make(call, taken, room);
        return;
      }
      case 'again': {
        const made = at(
          this.made.filter((made) => canCall(made, room)),
          step.which,
        );
        if (made) this.call(made, step.from, room);
        return;
      }
      case 'features': {
        const model = at(this.models, step.which);
        const tensor = model && at(model.inside, step.tensor);
        if (!tensor) return;
        const name = this.freeName('Features', room);
        const inputs = this.inputsFor(model.inputs, [tensor]);
        const call = this.composer.model(inputs, tensor, { name });
        const made = { call, shapes: inputs.map(shapeOf) };
        this.made.push(made);
        if (canCall(made, room)) this.call(made, step.from, room);
        return;
      }
    }
  }

  private layer({ class_name, config }: LayerRecipe, room: Pick<Room, 'names'>): LayerFunction {
    const options: JsonObject = { ...config, name: this.freeName(class_name, room) };
    return this.composer.layer(class_name, options);
  }

  /** An input and the layers that fit one behind the other. */
  private chain(recipes: readonly LayerRecipe[], shape: readonly number[]) {
    const room = { names: new Map<string, Composed>() };
    const start = this.composer.input(shape, { name: this.freeName('InputLayer', room) });
    const layers: LayerFunction[] = [];
    let x = start;
    for (const recipe of recipes) {
      if (!layerFits(recipe, shapeOf(x))) continue;
      const layer = this.layer(recipe, room);
      const made = { call: layer, shapes: [shapeOf(x)] };
      room.names.set(layer.layer.config.name, layer.layer);
      x = layer(x);
      layers.push(layer);
      this.made.push(made);
    }
    return [start, ...layers] as const;
  }

  private make(call: Callable, tensors: readonly SymbolicTensor[], room: Room): void {
    const made = { call, shapes: tensors.map(shapeOf) };
    this.made.push(made);
    this.apply(made, tensors, room);
  }

  private call(made: Made, from: number, room: Room): void {
    const tensors = made.shapes.map((shape) => at(alike(shape, room), from)!);
    this.apply(made, tensors, room);
  }

  private apply({ call }: Made, tensors: readonly SymbolicTensor[], room: Room): void {
    room.names.set(call.layer.config.name, call.layer);
    for (const tensor of tensors) room.taken.add(tensor);
    room.pool.push(...[call(tensors.length === 1 ? tensors[0]! : tensors)].flat());
  }

  /** Those of the inputs that the outputs are computed from, or all. */
  private inputsFor(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]) {
    if (this.habits.waste) return inputs;
    const reached = new Set<ComposedCall>();
    const open = [...outputs];
    while (open.length > 0) {
      const { layer, call } = open.pop()!;
      const made = layer.calls[call]!;
      if (!reached.has(made)) open.push(...made.args.flat());
      reached.add(made);
    }
    return inputs.filter(({ layer }) => reached.has(layer.calls[0]!));
  }

  private freeName(className: string, { names }: Pick<Room, 'names'>): string {
    const base = toSnakeCase(className);
    const isTaken = (name: string) =>
      this.habits.names === 'unique' ? this.given.has(name) : names.has(name);
    let name = base;
    for (let n = 1; isTaken(name); n++) name = `${base}_${n}`;
    this.given.add(name);
    return name;
  }
}

/** Whether there are tensors for its inputs, and no other layer of the model has its name. */
function canCall({ call: { layer }, shapes }: Made, room: Room): boolean {
  const named = room.names.get(layer.config.name);
  return (
    (named === undefined || named === layer) &&
    shapes.every((shape) => alike(shape, room).length > 0)
  );
}

function alike(shape: readonly number[], { pool }: Room): SymbolicTensor[] {
  return pool.filter((tensor) => String(shapeOf(tensor)) === String(shape));
}

/** The n-th from the end, round and round; nothing of an empty list. */
function at<T>(list: readonly T[], n: number): T | undefined {
  return list[list.length - 1 - (n % list.length)];
}

function shapeOf({ shape }: SymbolicTensor): number[] {
  return shape.slice(1) as number[];
}
