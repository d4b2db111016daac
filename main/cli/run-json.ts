import type { RunSummary } from '../../shared/api/contract.ts';

/** A run as the command line tells it with `--json`; numbers that JSON can't hold are null. */
export function runAsJson(run: RunSummary) {
  const { lastEpoch, bestEpoch, engine, data, error } = run;
  return {
    id: run.id,
    number: run.number,
    run: run.folder,
    state: run.state,
    created: new Date(run.created).toISOString(),
    model: run.settings.model,
    data: data?.name ?? run.settings.data,
    seed: run.settings.seed,
    step: run.lastStep,
    epoch: lastEpoch?.epoch ?? 0,
    epochs: run.settings.epochs,
    loss: lastEpoch?.loss ?? null,
    val_loss: lastEpoch?.valLoss ?? null,
    best_val_loss: bestEpoch?.valLoss ?? null,
    best_epoch: bestEpoch?.epoch ?? null,
    metrics: lastEpoch?.logs ?? {},
    seconds: run.seconds ?? 0,
    samples_per_second: lastEpoch?.samplesPerSecond ?? null,
    ...(engine && { engine: engine.engine, provider: engine.provider, device: engine.device }),
    tags: run.tags ?? [],
    note: run.note ?? '',
    ...(error && { error }),
    settings: run.settings,
  };
}
