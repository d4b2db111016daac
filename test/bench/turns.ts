import { median } from './stats.ts';

/** One turn takes about so long, in ms. */
const TURN = 120;
const TURNS = 12;

/** Runs so many steps; gives the milliseconds of each. */
type Runner = (count: number) => Promise<number[]>;

/**
 * Median milliseconds of a step of each runner, timed in many short turns one after the other, so that a change of the
 * machine's pace meets all alike.
 */
export async function inTurns(runners: readonly Runner[], turns = TURNS): Promise<number[]> {
  const counts: number[] = [];
  for (const run of runners) {
    const [, ...warm] = await run(4);
    counts.push(Math.max(2, Math.round(TURN / median(warm))));
  }
  const times = runners.map((): number[] => []);
  for (let turn = 0; turn < turns; turn++)
    for (const [i, run] of runners.entries()) times[i]!.push(...(await run(counts[i]!)));
  return times.map(median);
}
