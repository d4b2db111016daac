import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { layerOf } from '../../shared/keras/spec.ts';
import { exportRun } from '../service/exporting.ts';
import { readRunRecord } from '../service/run-record.ts';
import { fail } from './exit.ts';
import { count } from './words.ts';

interface ExportFlags {
  readonly model?: string;
  readonly format: 'tfjs' | 'safetensors';
  readonly out: string;
}

/** `export <run>`. */
export function addExport(program: Command): Command {
  return program
    .command('export')
    .description('Writes a trained model, or a submodel by its path, in a format that others open.')
    .argument('<run>', "a run's folder")
    .option('--model <path>', 'such as autoencoder/encoder (default: the model that was trained)')
    .addOption(
      new Option(
        '--format <format>',
        'tfjs: a LayersModel folder for TensorFlow.js; safetensors: the weights, bit for bit, by path',
      )
        .choices(['tfjs', 'safetensors'])
        .makeOptionMandatory(),
    )
    .requiredOption('--out <dir>', 'the folder to write; for safetensors also a file')
    .action((run: string, flags: ExportFlags) => write(resolve(run), flags).catch(fail));
}

async function write(run: string, flags: ExportFlags): Promise<void> {
  const { model, settings } = await readRunRecord(run);
  const path = flags.model ?? layerOf(model, settings.model).config.name;
  const { folder, files, notes } = await exportRun(run, path, resolve(flags.out), flags.format);
  for (const note of notes) process.stderr.write(`Note: ${note}\n`);
  const list = files.map(({ name, bytes }) => `  ${name}  ${count(bytes)} bytes`);
  process.stdout.write([`${path} is in ${folder}`, ...list, ''].join('\n'));
}
