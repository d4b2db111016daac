import { basename, dirname, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { StudioError } from '../../shared/api/errors.ts';
import {
  formatFacts,
  usualExport,
  type ExportFormat,
  type ExportOptions,
  type Verification,
} from '../../shared/api/exports.ts';
import { ask } from '../service/ask.ts';
import { forkTrainer } from '../service/fork-trainer.ts';
import { findModel } from '../service/model-source.ts';
import { wholeNumber } from './exit.ts';
import { count, figure } from './words.ts';

/** What can be chosen for a file that is written. */
export interface ExportFlags {
  readonly model?: string;
  readonly loadWeights?: string;
  readonly weights?: ExportOptions['weights'];
  readonly layout?: ExportOptions['layout'];
  readonly batch?: number;
  readonly preprocessing?: true;
}

/** What `--load-weights` is for. */
export const LOAD_WEIGHTS =
  'lay weights of this file onto the model, by their paths (.safetensors, .npz, .h5, .keras)';

/** Adds the flags that `export` and `convert` share. */
export function addExportFlags(command: Command): Command {
  return command
    .option('--model <path>', 'a model inside, such as autoencoder/encoder (default: the main one)')
    .option('--load-weights <file>', LOAD_WEIGHTS)
    .addOption(
      new Option('--weights <type>', 'how numbers are stored (onnx)').choices([
        'float32',
        'float16',
      ]),
    )
    .addOption(
      new Option(
        '--layout <order>',
        'where the channels of images stand at the ends (onnx)',
      ).choices(['channels_last', 'channels_first']),
    )
    .option('--batch <n>', 'a fixed number of samples (onnx, tflite)', wholeNumber(1, 65_536))
    .option('--preprocessing', 'prepare images inside the model as the training did (onnx)');
}

/** Writes a model to a target, after saying what will be different there; ends with code 1 where the file does not agree. */
export async function writeModel(
  from: string,
  format: ExportFormat,
  target: string,
  flags: ExportFlags,
): Promise<void> {
  const job = {
    source: await findModel(from, flags.loadWeights),
    name: flags.model ?? null,
    format,
    options: optionsFor(format, flags),
    target,
  };
  const result = await ask(
    () => forkTrainer(),
    async (trainer) => {
      const { refusals, notes } = await trainer.planExport(job);
      if (refusals.length > 0)
        throw new StudioError('BAD_MODEL', `${format} can't hold it: ${refusals.join('; ')}`);
      for (const note of notes) process.stderr.write(`Note: ${note}\n`);
      return trainer.exportModel(job);
    },
  );
  const { files, folder, verification } = result;
  const list = files.map(({ name, bytes }) => `  ${name}  ${count(bytes)} bytes`);
  const checked = verification ? [inWords(verification)] : [];
  process.stdout.write([`${result.model} is in ${folder}`, ...list, ...checked, ''].join('\n'));
  if (verification?.holds === false) process.exitCode = 1;
}

function inWords({ runtime, error, holds, samples, ...found }: Verification): string {
  if (error !== undefined) return `${runtime} could not open it: ${error}`;
  const difference = `largest difference ${figure(found.largestDifference)}`;
  const judged = holds ? '' : `; expected at most ${figure(found.tolerance)}`;
  return `Opened again by ${runtime}: ${difference} over ${samples} samples${judged}`;
}

function optionsFor(format: ExportFormat, flags: ExportFlags): ExportOptions {
  const { weights, layout, batch, preprocessing } = flags;
  const chosen: Partial<ExportOptions> = {
    ...(weights && { weights }),
    ...(layout && { layout }),
    ...(batch !== undefined && { batch }),
    ...(preprocessing && { preprocessing }),
  };
  const { options } = formatFacts[format];
  for (const name of Object.keys(chosen))
    if (!options.includes(name as keyof ExportOptions))
      throw new StudioError('USAGE', `--${name} says nothing to ${format}`);
  return { ...usualExport, ...chosen };
}

/**
 * Where a format's file goes that is to be in `out`: a folder, or a file where that has the format's ending. The file
 * is named after the model.
 */
export function targetIn(out: string, format: ExportFormat, name: string): string {
  const { extension } = formatFacts[format];
  const place = resolve(out);
  if (extension === null || place.endsWith(extension)) return place;
  return join(place, `${name}${extension}`);
}

/** The format that a file's name asks for: by its ending; `model.json`, or a folder's name, is a tfjs LayersModel. */
export function formatOf(out: string): { format: ExportFormat; target: string } {
  const place = resolve(out);
  const name = basename(place);
  if (name === 'model.json') return { format: 'tfjs', target: dirname(place) };
  const known = Object.entries(formatFacts) as [ExportFormat, { extension: string | null }][];
  const found = known.find(([, { extension }]) => extension !== null && name.endsWith(extension));
  if (found) return { format: found[0], target: place };
  if (!name.includes('.')) return { format: 'tfjs', target: place };
  const endings = known.flatMap(([, { extension }]) => extension ?? []);
  throw new StudioError(
    'USAGE',
    `${out}: expected a name that ends with ${endings.join(', ')}, model.json, or a folder's name`,
  );
}
