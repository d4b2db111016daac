import type { ExportPlan } from '../../shared/api/exports.ts';
import { exportModel, planExport } from '../formats/exporters.ts';
import type { TrainingFacts } from '../formats/exporter.ts';
import type { Exported, ExportJob, KnownModel } from './contract.ts';
import { loadModel } from './model-source.ts';

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

async function sourceOf({ source, name }: ExportJob) {
  const { spec, path, values, notes } = await loadModel(source, name);
  const run = 'run' in source ? source.run : undefined;
  return { source: { spec, path, ...(run && { training: factsOf(run) }) }, values, notes };
}

/** How a run came to its weights. */
function factsOf({ settings, data, engine, lastStep, lastEpoch }: NonNullable<KnownModel['run']>): TrainingFacts {
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
