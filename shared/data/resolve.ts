import type { DataColumn } from '../api/data.ts';
import type { Shape } from '../program/tensor.ts';
import type { ShapedColumn } from './fit.ts';
import { mapColumns, PAIR_COLUMNS, type Mapping } from './mapping.ts';
import type { ModelPorts } from './ports.ts';
import {
  channelsOf,
  imageShapeOf,
  type ColumnPreprocessing,
  type ImagePreprocessing,
  type Preprocessing,
} from './preprocessing.ts';
import { ALL_COLUMNS, type ColumnSettings, type DataSettings } from './settings.ts';

/** How data is shaped to a model. */
export interface Shaping {
  readonly mapping: Mapping;
  /** Of every column of images and numbers, complete but for the normalisation of those in `standard`. */
  readonly preprocessing: Preprocessing;
  /** Columns that are normalised by the mean and deviation of the training samples. */
  readonly standard: readonly string[];
  /** The columns as they come to the model. */
  readonly columns: readonly ShapedColumn[];
}

type Settings = Pick<DataSettings, 'task' | 'columns' | 'preprocessing'>;

/**
 * Shapes data to a model: a column of images gets the size and channels that the settings say, else those of the inputs
 * and outputs that it is tied to, else what suits the data (`suggested`).
 */
export function shapeData(
  ports: ModelPorts,
  columns: readonly DataColumn[],
  suggested: Preprocessing,
  settings: Settings,
): Shaping {
  const set = (name: string): ColumnSettings => ({
    ...settings.preprocessing[ALL_COLUMNS],
    ...settings.preprocessing[name],
  });
  const map = (shapeOf: (column: DataColumn) => Shape) => {
    const shaped = columns.map((column): ShapedColumn => ({ ...column, shape: shapeOf(column) }));
    return { shaped, mapping: mapColumns(ports, shaped, settings.task, settings.columns) };
  };

  const flexible = map((column) => {
    if (column.kind !== 'image') return shapeOfOther(column);
    const { size = [null, null], color } = set(column.name);
    return [...size, color === undefined ? null : channelsOf({ color })];
  });
  const asked = askedShapes(ports, flexible.mapping, columns);
  const complete = (column: DataColumn): ColumnPreprocessing | null => {
    const base = suggested[column.name];
    if (!base) return null;
    const { normalize, ...own } = set(column.name);
    const normal = normalize === undefined || normalize === 'standard' ? {} : { normalize };
    if (base.kind === 'numbers')
      return Object.hasOwn(settings.preprocessing, column.name) ? { ...base, ...normal } : base;
    return { ...base, ...demanded(base, asked.get(column.name)), ...own, ...normal };
  };
  const preprocessing = Object.fromEntries(
    columns.flatMap((column) => {
      const own = complete(column);
      return own ? [[column.name, own]] : [];
    }),
  );
  const { shaped, mapping } = map((column) => {
    const own = preprocessing[column.name];
    return own?.kind === 'image' ? imageShapeOf(own) : shapeOfOther(column);
  });
  return {
    mapping,
    preprocessing,
    columns: shaped,
    standard: standardColumns(mapping, columns, settings),
  };
}

const shapeOfOther = ({ kind, shape }: DataColumn): Shape =>
  kind === 'class' ? [] : (shape ?? []);

/** Height, width and channels that the inputs and outputs ask of each column of images; inputs come first. */
function askedShapes(
  { inputs, outputs }: ModelPorts,
  { ties }: Mapping,
  columns: readonly DataColumn[],
): Map<string, Shape> {
  const firstImage = columns.find(({ kind }) => kind === 'image')?.name;
  const asked = new Map<string, Shape>();
  for (const { role, port, columns: tied } of ties) {
    const { shape } = (role === 'input' ? inputs : outputs).find(({ name }) => name === port)!;
    const [first] = tied;
    const column = first === PAIR_COLUMNS.other ? firstImage : first;
    if (column === undefined || shape.length !== 4) continue;
    const before = asked.get(column) ?? [null, null, null];
    asked.set(
      column,
      before.map((dim, axis) => dim ?? shape[axis + 1]!),
    );
  }
  return asked;
}

/** The part of an image's preprocessing that a shape decides. */
function demanded(base: ImagePreprocessing, asked?: Shape): Partial<ImagePreprocessing> {
  if (!asked) return {};
  const [height = null, width = null, channels = null] = asked;
  const color =
    channels === null ? null : ({ 1: 'grey', 3: 'rgb', 4: 'rgba' } as const)[channels as 1];
  return {
    ...((height !== null || width !== null) && {
      size: [height ?? base.size[0], width ?? base.size[1]] as [number, number],
    }),
    ...(color && channels !== channelsOf(base) && { color }),
  };
}

/** `*` asks for all that goes in and is not a target of numbers as well; a column's own setting for itself. */
function standardColumns(
  { ties }: Mapping,
  columns: readonly DataColumn[],
  { preprocessing }: Settings,
): string[] {
  const names = (role: string) =>
    ties.filter((tie) => tie.role === role).flatMap((tie) => tie.columns);
  const [goingIn, targets] = [new Set(names('input')), new Set(names('output'))];
  return columns
    .filter(({ name, kind }) => {
      if (kind === 'class') return false;
      const own = preprocessing[name]?.normalize;
      if (own !== undefined) return own === 'standard';
      const forAll = preprocessing[ALL_COLUMNS]?.normalize === 'standard';
      return forAll && goingIn.has(name) && (kind === 'image' || !targets.has(name));
    })
    .map(({ name }) => name);
}
