import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { dataKinds, type DataKind } from '../../shared/api/data.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { tasks } from '../../shared/data/mapping.ts';
import { noise } from '../../shared/data/noise.ts';
import { imagePreprocessing } from '../../shared/data/preprocessing.ts';
import {
  ALL_COLUMNS,
  dataSettings,
  withData,
  type ColumnSettings,
  type DataSettings,
} from '../../shared/data/settings.ts';
import { split } from '../../shared/data/split.ts';
import { wholeNumber } from './exit.ts';

/** What a command line says about data. */
export interface DataFlags {
  readonly task?: DataSettings['task'];
  readonly kind?: DataKind;
  readonly column?: Readonly<Record<string, string>>;
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly imageShape?: readonly number[];
  readonly classFolders?: 'top' | 'innermost';
  readonly size?: readonly [number, number];
  readonly fit?: ColumnSettings['fit'];
  readonly color?: ColumnSettings['color'];
  readonly scale?: ColumnSettings['scale'];
  readonly standardize?: true;
  readonly split?: DataSettings['split']['by'];
  readonly validation?: number;
  readonly test?: number;
  readonly splitSeed?: number;
  readonly stratify?: boolean;
  readonly input?: Readonly<Record<string, string>>;
  readonly target?: Readonly<Record<string, string>>;
  readonly noise?: DataSettings['noise']['kind'];
  readonly noiseAmount?: number;
  readonly augment?: Readonly<Record<string, string>>;
}

/** Adds the flags that correct what is recognised and shape data to a model. */
export function addDataFlags(command: Command): Command {
  const oneOf = (flag: string, about: string, choices: readonly string[]) =>
    new Option(flag, about).choices(choices);
  const { shape } = imagePreprocessing;
  return command
    .addOption(oneOf('--task <task>', 'what the model learns to do with the data', tasks))
    .addOption(oneOf('--kind <kind>', 'what the data are taken for', dataKinds))
    .option('--column <name=role>', 'what a column of a table holds', pair, {})
    .option('--header', 'CSV: the first line names the columns')
    .option('--no-header', 'CSV: the first line is a sample')
    .option('--delimiter <character>', 'CSV: what stands between cells')
    .option('--image-shape <HxWxC>', 'of pixels that are stored as rows of numbers', sizes(3))
    .addOption(
      oneOf('--class-folders <which>', 'what folders of images are classes', ['top', 'innermost']),
    )
    .option('--size <HxW>', 'height and width of all images', sizes(2))
    .addOption(oneOf('--fit <how>', 'how images are brought to this size', shape.fit.options))
    .addOption(oneOf('--color <mode>', 'what channels images have', ['grey', 'rgb', 'rgba']))
    .addOption(oneOf('--scale <range>', '0..1, -1..1, or as stored', shape.scale.options))
    .option('--standardize', 'subtract the mean of the training samples, divide by the deviation')
    .addOption(oneOf('--split <how>', 'what is validated on', split.shape.by.unwrap().options))
    .option('--validation <share>', 'of the samples, to validate on', share)
    .option('--test <share>', 'of the samples, kept out of both', share)
    .option('--split-seed <n>', 'of the draw', wholeNumber(0, 0xffffffff))
    .option('--stratify', 'every class has its share in every part')
    .option('--no-stratify', 'drawn whatever the class')
    .option('--input <name=column,…>', 'what an input of the model takes', pair, {})
    .option('--target <name=column,…>', 'what an output of the model learns', pair, {})
    .addOption(oneOf('--noise <kind>', 'of the task denoise', noise.shape.kind.unwrap().options))
    .option('--noise-amount <share>', 'how much of it', share)
    .option('--augment <name=value>', 'vary training images: flip, rotation, zoom, …', pair, {});
}

/** Settings with what the command line says about data. Throws a StudioError that names a wrong value. */
export function withDataFlags<S extends DataSettings>(
  settings: S,
  flags: DataFlags,
  data = settings.data,
): S {
  const moved = withData(settings, data);
  const { recognise, preprocessing, columns } = moved;
  const given = {
    data: moved.data,
    task: flags.task ?? moved.task,
    recognise: {
      ...recognise,
      ...defined({
        kind: flags.kind,
        header: flags.header,
        delimiter: flags.delimiter,
        imageShape: flags.imageShape,
        classFolders: flags.classFolders,
      }),
      ...(hasAny(flags.column) && { columns: { ...recognise.columns, ...flags.column } }),
    },
    preprocessing: { ...preprocessing, ...columnFlags(preprocessing[ALL_COLUMNS], flags) },
    split: {
      ...moved.split,
      ...defined({
        by: flags.split ?? (drawsShares(flags) ? 'ratio' : undefined),
        validation: flags.validation,
        test: flags.test,
        seed: flags.splitSeed,
        stratify: flags.stratify,
      }),
    },
    columns: {
      inputs: { ...columns.inputs, ...columnsIn(flags.input) },
      outputs: { ...columns.outputs, ...columnsIn(flags.target) },
    },
    noise: { ...moved.noise, ...defined({ kind: flags.noise, amount: flags.noiseAmount }) },
    augmentation: { ...moved.augmentation, ...numbersIn(flags.augment) },
  };
  const { success, data: checked, error } = z.strictObject(dataSettings).safeParse(given);
  if (!success) {
    const [issue] = error.issues;
    throw new StudioError('BAD_SETTINGS', `${issue!.path.join('.')}: ${issue!.message}`);
  }
  return { ...moved, ...checked };
}

function columnFlags(before: ColumnSettings | undefined, flags: DataFlags) {
  const { size, fit, color, scale, standardize } = flags;
  const own = defined({ size, fit, color, scale, normalize: standardize && 'standard' });
  return Object.keys(own).length > 0 ? { [ALL_COLUMNS]: { ...before, ...own } } : {};
}

function defined(values: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

const drawsShares = ({ validation, test }: DataFlags) =>
  validation !== undefined || test !== undefined;

const hasAny = (values: object | undefined) => Object.keys(values ?? {}).length > 0;

/** A name is one column; several, with commas between, are stacked. */
function columnsIn(values: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(
    Object.entries(values).map(([port, names]) => [
      port,
      names.includes(',') ? names.split(',') : names,
    ]),
  );
}

/** Values that read as numbers are numbers. */
function numbersIn(values: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value,
    ]),
  );
}

/** Gathers `name=value`, given once or more often. */
function pair(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.lastIndexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Expected name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** `28x28` as numbers. */
function sizes(count: number) {
  return (text: string): number[] => {
    const numbers = text.toLowerCase().split(/[x×,]/).map(Number);
    if (numbers.length !== count || !numbers.every((size) => Number.isInteger(size) && size > 0))
      throw new InvalidArgumentError(`Expected ${count === 2 ? 'HxW' : 'HxWxC'}, as in 28x28.`);
    return numbers;
  };
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}
