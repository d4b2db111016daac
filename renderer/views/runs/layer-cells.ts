import type { RunDistances } from '../../../shared/api/runs.ts';
import { differs, type ComparedLayer } from '../../../shared/keras/compare.ts';
import type { WeightDistance } from '../../../shared/keras/weight-distance.ts';
import type { Format } from '../../composables/number-format.ts';
import type { FactTexts } from './facts.ts';

/** What the columns of compared layers show. */
export type Cells = 'params' | 'weights';

/** The distance of a run's weights at a row to the first run's; null where there is nothing to compare. */
export function distanceAt(
  distances: RunDistances | null,
  row: ComparedLayer,
  run: number,
): WeightDistance | null {
  return distances?.distances[run]?.[row.below] ?? null;
}

/** The longest value of a change that a cell shows. */
const LONGEST = 9;

/**
 * What a cell says: how many parameters (of a layer whose parameters do not tell what differs, what does), or how far
 * the weights lie from the first run's as a part of their norm.
 */
export function cellText(
  row: ComparedLayer,
  run: number,
  cells: Cells,
  distances: RunDistances | null,
  format: Format,
  texts: FactTexts,
): string {
  const node = row.nodes[run];
  if (!node) return '–';
  if (cells === 'params') {
    const [change] = row.changes;
    const told = row.changes.some(({ key }) => key === 'params') || row.children !== null;
    if (change && !told) {
      const value = texts.value(change.key, change.values[run]);
      return value.length <= LONGEST ? value : '≠';
    }
    if (node.params > 0) return format.integer(node.params);
    return row.standing[run] === 'added' ? '+' : '';
  }
  if (node.params === 0) return '';
  const told = distanceAt(distances, row, run);
  if (!told) return '–';
  if (told.distance === 0) return '=';
  return Number.isFinite(told.relative) ? format.percent(told.relative) : '∞';
}

/** The rows that differ with what stands around them; null when none does. */
export function differingOnly(row: ComparedLayer): ComparedLayer | null {
  const children = row.children?.flatMap((child) => differingOnly(child) ?? []) ?? null;
  return differs(row) || (children && children.length > 0) ? { ...row, children } : null;
}
