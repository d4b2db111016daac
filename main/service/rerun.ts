import { join } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import { ENGINE_SETTINGS } from '../../shared/keras/training-settings.ts';
import { newestCheckpoint } from '../formats/checkpoint.ts';
import { checkpointFolder } from '../trainer/contract.ts';
import { readEvents } from './event-log.ts';
import type { RunHandle } from './run-handle.ts';
import { historyOf } from './run-history.ts';
import { eventsFile, readRunRecord } from './run-record.ts';
import { trainRun, type TrainRunOptions } from './train-run.ts';

/** The largest difference between numbers of two runs. */
export interface Largest {
  readonly difference: number;
  /** The step, the epoch and its figure, or the weight where it is; absent where all are equal. */
  readonly at?: string;
}

/** How far a run differs from the one that it repeats. Differences are absolute; NaN differs from all but itself. */
export interface RunDifference {
  /** Whether all losses, results and weights are the same to the last bit. */
  readonly equal: boolean;
  /** How many of the losses of steps, results of epochs and weights both runs have. */
  readonly steps: number;
  readonly epochs: number;
  readonly weights: number;
  readonly losses: Largest;
  readonly results: Largest;
  /** Null where the two have no checkpoint of the same step. */
  readonly values: Largest | null;
  /** What is not the same about the runs themselves: engine, device, data. */
  readonly conditions: readonly {
    readonly what: string;
    readonly was: string;
    readonly is: string;
  }[];
}

/**
 * Starts a run that repeats another one: its model, settings and seed, on its engine where it works, with what was
 * frozen in mid-run, as far as it came.
 */
export async function repeatRun(
  folder: string,
  options: Omit<TrainRunOptions, 'model' | 'settings' | 'changes' | 'until' | 'chooseAnew'>,
): Promise<RunHandle> {
  const record = await readRunRecord(folder);
  const { losses, changes } = historyOf(await readEvents(eventsFile(folder)));
  if (losses.length === 0)
    throw new StudioError('NOTHING_TO_REPEAT', `the run in ${folder} has trained no step`);
  const { engine, settings } = record;
  const name = engine && `${engine.engine}:${engine.provider}`;
  const same = ENGINE_SETTINGS.find((setting) => setting === name);
  return trainRun({
    ...options,
    model: record.modelAtStart ?? record.model,
    settings: { ...settings, ...(same && { engine: same }) },
    ...(changes.length > 0 && { changes }),
    ...(record.state !== 'finished' && { until: losses.length }),
  });
}

/** How far a run's numbers differ from those of the run that it repeats. */
export async function differenceOf(original: string, repeat: string): Promise<RunDifference> {
  const [was, is] = await Promise.all([original, repeat].map(numbersOf));
  const [before, after] = [was!, is!];
  const losses = largest(
    before.losses.map((loss, i) => [`step ${i + 1}`, loss, after.losses[i]] as const),
  );
  const results = largest(
    [...before.results].map(([name, value]) => [name, value, after.results.get(name)] as const),
  );
  const comparable = before.step !== null && before.step === after.step;
  const values = comparable ? weightDifference(before.variables, after.variables) : null;
  const conditions = Object.entries(before.conditions)
    .map(([what, said]) => ({ what, was: said, is: after.conditions[what] ?? '' }))
    .filter(({ was, is }) => was !== is);
  const all = [losses, results, ...(values ? [values] : [])];
  return {
    equal: values !== null && all.every(({ at }) => at === undefined),
    steps: Math.min(before.losses.length, after.losses.length),
    epochs: Math.min(before.epochs, after.epochs),
    weights: comparable ? Object.keys(before.variables).length : 0,
    losses,
    results,
    values,
    conditions,
  };
}

async function numbersOf(folder: string) {
  const { engine, data, environment, studio } = await readRunRecord(folder);
  const { losses, epochs } = historyOf(await readEvents(eventsFile(folder)));
  const checkpoint = await newestCheckpoint(join(folder, checkpointFolder));
  const results = new Map<string, number>();
  for (const { epoch, loss, valLoss, logs } of epochs)
    for (const [name, value] of Object.entries({ loss, val_loss: valLoss, ...logs }))
      for (const [i, one] of [value ?? []].flat().entries())
        results.set(`epoch ${epoch}, ${name}${Array.isArray(value) ? ` ${i}` : ''}`, one);
  return {
    losses,
    results,
    epochs: epochs.filter(({ epoch }) => epoch > 0).length,
    step: checkpoint?.step ?? null,
    variables: checkpoint?.variables ?? {},
    conditions: {
      engine: engine ? `${engine.engine} (${engine.provider})` : '',
      device: engine?.device ?? '',
      data: data?.hash ?? '',
      studio: studio ?? '',
      node: environment?.node ?? '',
      system: environment?.system ?? '',
      processor: environment?.processor ?? '',
      ...environment?.packages,
    } as Readonly<Record<string, string>>,
  };
}

type Numbers = Awaited<ReturnType<typeof numbersOf>>['variables'];

function weightDifference(was: Numbers, is: Numbers): Largest {
  const each = Object.entries(was).map(([key, { data }]): readonly [string, Largest] => {
    const other = is[key]?.data;
    const pairs = Array.from(data, (value, i) => ['', value, other?.[i]] as const);
    return [key, largest(pairs)];
  });
  return each.reduce<Largest>(
    (most, [key, { difference, at }]) =>
      at !== undefined && !(difference <= most.difference && most.at !== undefined)
        ? { difference, at: key }
        : most,
    { difference: 0 },
  );
}

/** The largest difference of pairs of numbers; one that is missing or NaN on one side alone is infinitely far. */
function largest(pairs: readonly (readonly [string, number, number | undefined])[]): Largest {
  let most: Largest = { difference: 0 };
  for (const [at, was, is] of pairs) {
    if (Object.is(was, is) || was === is) continue;
    const apart = is === undefined ? Infinity : Math.abs(was - is);
    const difference = Number.isNaN(apart) ? Infinity : apart;
    if (difference > most.difference) most = { difference, at };
  }
  return most;
}
