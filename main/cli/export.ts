import { Option, type Command } from 'commander';
import { exportFormats, type ExportFormat } from '../../shared/api/exports.ts';
import { layerOf } from '../../shared/keras/spec.ts';
import { readRunRecord } from '../service/run-record.ts';
import { addExportFlags, targetIn, writeModel, type ExportFlags } from './export-flags.ts';
import { fail } from './exit.ts';

interface Flags extends ExportFlags {
  readonly format: ExportFormat;
  readonly out: string;
}

/** What each format is for. */
const formats: Readonly<Record<ExportFormat, string>> = {
  keras: 'Keras 3',
  h5: "Keras's legacy H5",
  tfjs: 'a LayersModel folder for TensorFlow.js',
  onnx: 'ONNX Runtime and others',
  tflite: 'phones',
  html: 'one page that runs the model',
  safetensors: 'the weights, bit for bit, by path',
  python: 'Keras source that builds the model',
  card: 'a model card in Markdown',
};

/** `export <run>`. */
export function addExport(program: Command): Command {
  return addExportFlags(
    program
      .command('export')
      .description(
        'Writes a trained model, or a submodel by its path, in a format that others open.',
      )
      .argument('<run>', "a run's folder")
      .addOption(
        new Option(
          '--format <format>',
          exportFormats.map((format) => `${format}: ${formats[format]}`).join('; '),
        )
          .choices(exportFormats)
          .makeOptionMandatory(),
      )
      .requiredOption('--out <path>', 'the folder to write to, or the file by its ending'),
  ).action((run: string, flags: Flags) => write(run, flags).catch(fail));
}

async function write(run: string, flags: Flags): Promise<void> {
  const { model, settings } = await readRunRecord(run);
  const path = flags.model ?? layerOf(model, settings.model).config.name;
  const name = path.replaceAll('/', '-').replace(/[^\p{L}\p{N}_.-]/gu, '_');
  await writeModel(run, flags.format, targetIn(flags.out, flags.format, name), flags);
}
