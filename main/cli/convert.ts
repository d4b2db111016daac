import type { Command } from 'commander';
import { addExportFlags, formatOf, writeModel, type ExportFlags } from './export-flags.ts';
import { fail } from './exit.ts';

/** `convert <in> <out>`. */
export function addConvert(program: Command): Command {
  return addExportFlags(
    program
      .command('convert')
      .description("Writes a model's file in another format, which the name of the new file says.")
      .argument(
        '<in>',
        ".keras, .h5, a tfjs model.json or its folder; also a run's folder, a project or a template",
      )
      .argument(
        '<out>',
        '.keras, .h5, .onnx, .tflite, .html, .safetensors, .py, .md; model.json or a folder for tfjs',
      ),
  ).action((from: string, to: string, flags: ExportFlags) => convert(from, to, flags).catch(fail));
}

async function convert(from: string, to: string, flags: ExportFlags): Promise<void> {
  const { format, target } = formatOf(to);
  await writeModel(from, format, target, flags);
}
