import { leavesOf } from '../leaves.ts';
import type { RunSummary } from './contract.ts';
import type { RunState } from './events.ts';

/** Which runs a list shows. */
export interface RunFilter {
  /** Words that are all to be found in what is known of a run; upper and lower case are one. */
  readonly text: string;
  /** Null: all. */
  readonly states: readonly RunState[] | null;
  /** Tags that a run must all have. */
  readonly tags: readonly string[];
}

/** What a list of runs can be sorted by. */
export const runOrders = ['run', 'state', 'best', 'loss', 'epochs', 'time', 'created'] as const;
export type RunOrder = (typeof runOrders)[number];

/** The runs that a filter leaves, in the order given. */
export function filterRuns(runs: readonly RunSummary[], filter: RunFilter): RunSummary[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter((run) => {
    if (filter.states && !filter.states.includes(run.state)) return false;
    if (!filter.tags.every((tag) => run.tags?.includes(tag))) return false;
    if (words.length === 0) return true;
    const known = textOf(run);
    return words.every((word) => known.includes(word));
  });
}

/** The runs sorted; those without a value come last either way, equal ones stay in their order. */
export function sortRuns(
  runs: readonly RunSummary[],
  by: RunOrder,
  descending: boolean,
): RunSummary[] {
  const sign = descending ? -1 : 1;
  return runs
    .map((run) => ({ run, value: valueOf(run, by) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null)
        return Number(a.value === null) - Number(b.value === null);
      return a.value < b.value ? -sign : a.value > b.value ? sign : 0;
    })
    .map(({ run }) => run);
}

/** All that is known of a run as one text in lower case, for searching. */
function textOf(run: RunSummary): string {
  const settings = [...leavesOf(run.settings)].map(([key, value]) => `${key}=${String(value)}`);
  const { engine, data, error } = run;
  return [
    `#${run.number}`,
    `run ${run.number}`,
    run.id,
    run.state,
    ...(run.tags ?? []),
    run.note,
    ...settings,
    engine?.engine,
    engine?.provider,
    engine?.device,
    data?.name,
    error?.message,
  ]
    .join('\n')
    .toLowerCase();
}

function valueOf(run: RunSummary, by: RunOrder): number | string | null {
  const finite = (value: number | null | undefined) =>
    value != null && Number.isFinite(value) ? value : null;
  switch (by) {
    case 'run':
      return run.number;
    case 'state':
      return run.state;
    case 'best':
      return finite(run.bestEpoch?.valLoss);
    case 'loss':
      return finite(run.lastEpoch?.loss);
    case 'epochs':
      return run.lastEpoch?.epoch ?? 0;
    case 'time':
      return finite(run.seconds);
    case 'created':
      return run.created;
  }
}
