import type { ExportFormat, ExportPlan } from '../../shared/api/exports.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import { exportModel, planExport } from '../formats/exporters.ts';
import type { TrainingFacts } from '../formats/exporter.ts';
import type { Exported, ExportJob, KnownModel } from './contract.ts';
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

/** How a run came to its weights. */
function factsOf({
  settings,
  data,
  engine,
  lastStep,
  lastEpoch,
}: NonNullable<KnownModel['run']>): TrainingFacts {
  const classes = data?.columns?.find((column) => column.classes)?.classes;
  const { loss, valLoss, logs } = lastEpoch ?? {};
  const metrics = { loss, val_loss: valLoss, ...logs };
  return {
    settings,
    ...(data && { data }),
    ...(classes && { classes }),
    epochs: lastEpoch?.epoch ?? 0,
    steps: lastStep,
    metrics: Object.fromEntries(
      Object.entries(metrics).flatMap(([name, value]) =>
        typeof value === 'number' ? [[name, value]] : [],
      ),
    ),
    ...(engine && { engine: `${engine.engine} (${engine.provider}) on ${engine.device}` }),
  };
}
