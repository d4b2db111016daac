import type { ExportFormat, ExportPlan } from '../../shared/api/exports.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import { exportModel, planExport } from '../formats/exporters.ts';
import type { TrainingFacts } from '../formats/exporter.ts';
import { factsOf } from '../formats/run-facts.ts';
import type { Exported, ExportJob } from './contract.ts';
import { loadModel, type LoadedModel } from './model-source.ts';

/**
 * Writes a model in a format, opens what it wrote again and compares it. Throws what `loadModel` and the format's
 * exporter throw.
 */
export async function writeModel(job: ExportJob): Promise<Exported> {
  const { format, options, target } = job;
  const { source, values } = await sourceOf(job);
  return { model: source.path, ...(await exportModel(format, source, values, target, options)) };
}

/** Whether the format can hold the model, and what will be different in it. Throws what `loadModel` throws. */
export async function planModel(job: ExportJob): Promise<ExportPlan> {
  const { source, notes } = await sourceOf(job);
  const plan = planExport(job.format, source, job.options);
  return { ...plan, notes: [...notes, ...plan.notes] };
}

async function sourceOf({ source, name, format }: ExportJob) {
  const { spec, path, values, notes, compiled } = await loadModel(source, name);
  const run = 'run' in source ? source.run : undefined;
  const training = run ? factsOf(run) : compiledFacts(compiled, format);
  return { source: { spec, path, ...(training && { training }) }, values, notes };
}

/** What Keras's own files keep of how a file's model trains; nobody knows more of it. */
function compiledFacts(
  compiled: LoadedModel['compiled'],
  format: ExportFormat,
): TrainingFacts | null {
  if (!compiled || (format !== 'keras' && format !== 'h5')) return null;
  const { success, data } = trainingSettings.safeParse(compiled);
  return success ? { settings: data, epochs: 0, steps: 0, metrics: {} } : null;
}
