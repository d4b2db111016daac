import { join } from 'node:path';
import type { ExportResult } from '../../shared/api/contract.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { usualExport } from '../../shared/api/exports.ts';
import { layerAt } from '../../shared/keras/graph.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { freshVariables } from '../../shared/program/step.ts';
import { traceModel } from '../../shared/program/trace.ts';
import { newestCheckpoint } from '../formats/checkpoint.ts';
import { exportSafetensors } from '../formats/export-safetensors.ts';
import { exportModel } from '../formats/exporters.ts';
import { readRunRecord } from './run-record.ts';

/**
 * Writes a model of a run, by path, with the weights of its newest checkpoint: as a tfjs folder, or its weights alone as
 * a safetensors file.
 */
export async function exportRun(
  run: string,
  path: string,
  out: string,
  format: 'tfjs' | 'safetensors' = 'tfjs',
): Promise<ExportResult> {
  const { model } = await readRunRecord(run);
  const checkpoint = await newestCheckpoint(join(run, 'checkpoints'));
  if (!checkpoint)
    throw new StudioError('NO_CHECKPOINT', `${run} holds no weights: it has no checkpoint yet`);
  if (format === 'tfjs')
    return exportModel('tfjs', { spec: model, path }, checkpoint.variables, out, usualExport);
  const file = out.endsWith('.safetensors')
    ? out
    : join(out, `${path.replaceAll('/', '-')}.safetensors`);
  return exportSafetensors(model, path, checkpoint.variables, file);
}

/** Writes a model, by path, with the weights that a training with this seed begins with, as a tfjs folder. */
export async function exportFresh(
  spec: ModelSpec,
  path: string,
  seed: number,
  out: string,
): Promise<ExportResult> {
  const { variables } = traceModel(spec, layerAt(spec, path));
  return exportModel('tfjs', { spec, path }, freshVariables(variables, seed), out, usualExport);
}
