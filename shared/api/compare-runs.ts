import { leavesOf, sameLeaf, type Leaf } from '../leaves.ts';
import type { RunSummary } from './contract.ts';

/** One line of a table of runs: a setting, a fact or a result of each. */
export interface ComparedFact {
  readonly group: 'settings' | 'data' | 'engine' | 'results';
  /** Keras's name or the path of a setting: `batch_size`, `optimizer.learning_rate`, `val_loss`. */
  readonly key: string;
  /** By run; undefined where a run has no such thing. */
  readonly values: readonly (Leaf | undefined)[];
  readonly differs: boolean;
}

/** Configurations, data, engines and results of runs, line by line; settings that no run has are left out. */
export function compareRuns(runs: readonly RunSummary[]): ComparedFact[] {
  const groups = {
    settings: runs.map(({ settings }) => leavesOf(settings)),
    data: runs.map(dataFacts),
    engine: runs.map(({ engine }) => engineFacts(engine)),
    results: runs.map(results),
  };
  return Object.entries(groups).flatMap(([group, sides]) => {
    const keys = [...new Set(sides.flatMap((side) => [...side.keys()]))];
    return keys.map((key) => {
      const values = sides.map((side) => side.get(key));
      const differs = values.some((value) => !sameLeaf(value, values[0]));
      return { group: group as ComparedFact['group'], key, values, differs };
    });
  });
}

function dataFacts({ data }: RunSummary): Map<string, Leaf> {
  if (!data) return new Map();
  const { name, hash, samples, task, split } = data;
  return leavesOf({ name, hash, samples, task, split });
}

function engineFacts(engine: RunSummary['engine']): Map<string, Leaf> {
  if (!engine) return new Map();
  const { engine: name, provider, kind, device } = engine;
  return leavesOf({ engine: name, provider, kind, device });
}

function results(run: RunSummary): Map<string, Leaf> {
  const { lastEpoch: last, bestEpoch: best } = run;
  const speed = last && last.samplesPerSecond > 0 ? last.samplesPerSecond : null;
  return leavesOf({
    state: run.state,
    epochs: last?.epoch ?? 0,
    steps: run.lastStep,
    best_val_loss: best?.valLoss,
    best_epoch: best?.epoch,
    loss: last?.loss,
    val_loss: last?.valLoss,
    ...last?.logs,
    seconds: run.seconds,
    samples_per_second: speed,
    ms_per_step: speed && (1000 * run.settings.batch_size) / speed,
  });
}
