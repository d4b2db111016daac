import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  formatFacts,
  heededOptions,
  type ExportFormat,
  type ExportOptions,
  type ExportPlan,
  type WrittenModel,
} from '../../shared/api/exports.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { writeFileAtomic, writeFolderAtomic } from './atomic.ts';
import type { Exporter, ExportSource } from './exporter.ts';
import { htmlExporter } from './html/export.ts';
import { h5Exporter, kerasExporter, pythonExporter } from './keras/export.ts';
import { cardExporter } from './model-card.ts';
import { onnxExporter } from './onnx/export.ts';
import { tfjsExporter } from './tfjs/export.ts';
import { tfliteExporter } from './tflite/export.ts';
import { verifyExport } from './verify/verify.ts';
import { weightsExporter } from './weights-file.ts';

/** How each format is written. */
const exporters: { readonly [F in ExportFormat]: Exporter } = {
  tfjs: tfjsExporter,
  onnx: onnxExporter,
  tflite: tfliteExporter,
  html: htmlExporter,
  safetensors: weightsExporter,
  keras: kerasExporter,
  h5: h5Exporter,
  python: pythonExporter,
  card: cardExporter,
};

/** Whether a format can hold a model, and what will be different in it; nothing is written. */
export function planExport(
  format: ExportFormat,
  source: ExportSource,
  options: ExportOptions,
): ExportPlan {
  return exporters[format].plan(source, heededOptions(format, options));
}

/**
 * Writes a model in a format, whole or not at all: as the file `target`, or as the folder of that name where the format
 * is one; then opens it again, compares what it computes, and keeps what came of that beside it, as
 * `<target>.verify.json`. `variables` holds at least the model's own, by key. Throws an Error that names the layer where the format
 * can't hold the model, a variable that is missing, or another file in the folder.
 */
export async function exportModel(
  format: ExportFormat,
  source: ExportSource,
  variables: NamedTensors,
  target: string,
  options: ExportOptions,
): Promise<WrittenModel> {
  const { extension } = formatFacts[format];
  const name = basename(target, extension ?? undefined);
  const files = await exporters[format].files(
    source,
    variables,
    heededOptions(format, options),
    name,
  );
  const { notes } = planExport(format, source, options);
  if (extension === null) await writeFolderAtomic(target, files);
  else await writeFileAtomic(target, Object.values(files)[0]!);
  const verification = await verifyExport(format, target, source, variables, options);
  const report = `${target}.verify.json`;
  if (verification) await writeFileAtomic(report, `${JSON.stringify(verification, null, 2)}\n`);
  else await rm(report, { force: true });
  return {
    folder: extension === null ? target : dirname(target),
    files: Object.entries(files).map(([name, content]) => ({
      name: extension === null ? name : basename(target),
      bytes: Buffer.byteLength(content),
    })),
    notes,
    verification,
  };
}
