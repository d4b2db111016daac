import type { RunSummary } from '../../shared/api/contract.ts';
import type { TrainingFacts } from './exporter.ts';

/** What is told of a run. */
type KnownRun = Pick<RunSummary, 'settings' | 'data' | 'engine' | 'lastStep' | 'lastEpoch'>;

/** How a run came to its weights. */
export function factsOf({ settings, data, engine, lastStep, lastEpoch }: KnownRun): TrainingFacts {
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
