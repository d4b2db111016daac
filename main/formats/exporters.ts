import { basename, dirname } from 'node:path';
import type { ExportResult } from '../../shared/api/contract.ts';
import {
  formatFacts,
  type ExportFormat,
  type ExportOptions,
  type ExportPlan,
} from '../../shared/api/exports.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { writeFileAtomic, writeFolderAtomic } from './atomic.ts';
import type { Exporter, ExportSource } from './exporter.ts';
import { onnxExporter } from './onnx/export.ts';
import { tfjsExporter } from './tfjs/export.ts';

/** How each format is written. */
const exporters: { readonly [F in ExportFormat]?: Exporter } = {
  tfjs: tfjsExporter,
  onnx: onnxExporter,
};

/** Whether a format can hold a model, and what will be different in it; nothing is written. */
export function planExport(
  format: ExportFormat,
  source: ExportSource,
  options: ExportOptions,
): ExportPlan {
  return exporterOf(format).plan(source, options);
}

/**
 * Writes a model in a format, whole or not at all: as the file `target`, or as the folder of that name where the format
 * is one. `variables` holds at least the model's own, by key. Throws an Error that names the layer where the format
 * can't hold the model, a variable that is missing, or another file in the folder.
 */
export async function exportModel(
  format: ExportFormat,
  source: ExportSource,
  variables: NamedTensors,
  target: string,
  options: ExportOptions,
): Promise<ExportResult> {
  const { extension } = formatFacts[format];
  const name = basename(target, extension ?? undefined);
  const files = await exporterOf(format).files(source, variables, options, name);
  const { notes } = planExport(format, source, options);
  if (extension === null) await writeFolderAtomic(target, files);
  else await writeFileAtomic(target, Object.values(files)[0]!);
  return {
    folder: extension === null ? target : dirname(target),
    files: Object.entries(files).map(([name, content]) => ({
      name: extension === null ? name : basename(target),
      bytes: Buffer.byteLength(content),
    })),
    notes,
  };
}

function exporterOf(format: ExportFormat): Exporter {
  const exporter = exporters[format];
  if (!exporter) throw new Error(`${format} can't be written yet`);
  return exporter;
}
