import { finiteCheck, type BadPlace } from '../../../shared/program/finite-check.ts';
import { LEARNING_RATE } from '../../../shared/program/step.ts';
import { scalar, type NamedTensors } from '../../../shared/program/tensor.ts';
import { batches, naturalOrder, shuffledOrder } from '../../data/batches.ts';
import type { TrainJob } from '../contract.ts';
import type { Session } from '../session.ts';
import type { Training } from '../training.ts';
import { isModelWeight } from './weights.ts';

/** Copies of the variables are made so seldom that they take about a hundredth of the time, in ms at least. */
const SELDOM = { times: 100, least: 1000 };

/** Finds where values first were no numbers once a loss is none. */
export interface NanWatch {
  /** Before each step, with its learning rate. */
  beforeStep(rate: number): Promise<void>;
  /**
   * After a step whose loss is no number: runs the last steps again, from a copy of the variables, and looks inside the
   * one that broke. The variables are then those from before. Null where nothing was found.
   */
  inTraining(): Promise<BadPlace | null>;
  /** After an evaluation whose loss is no number: looks inside its batches. */
  inValidation(): Promise<BadPlace | null>;
}

interface Copy {
  readonly session: Session;
  /** The step before which it was made. */
  readonly step: number;
  readonly variables: NamedTensors;
}

/** Watches over a training; null where its callbacks have no TerminateOnNaN. */
export function createNanWatch(at: Training, { settings }: TrainJob): NanWatch | null {
  if (!settings.callbacks.some(({ class_name }) => class_name === 'TerminateOnNaN')) return null;
  let copy: Copy | null = null;
  let due = 0;
  /** Of the steps since the copy. */
  let rates: number[] = [];

  async function makeCopy(): Promise<void> {
    const began = performance.now();
    const variables = await at.session.variables.read();
    const isWhole = badWeights(variables).length === 0;
    if (isWhole || copy === null) {
      copy = { session: at.session, step: at.step, variables };
      rates = [];
    }
    const now = performance.now();
    due = now + Math.max(SELDOM.least, SELDOM.times * (now - began));
  }

  /** The feeds of the update after so many. */
  async function feedsOf({ session }: Copy, updates: number): Promise<NamedTensors> {
    const { training } = session.data;
    const { seed, batch_size: size } = settings;
    const order = shuffledOrder(
      training.size,
      seed,
      1 + Math.floor(updates / session.stepsPerEpoch),
    );
    const first = (updates % session.stepsPerEpoch) * size;
    const samples = order.subarray(first, first + size);
    const batch = { size: samples.length, samples, elements: await training.batch(samples) };
    const rate = scalar(rates[updates - copy!.step]!);
    return { ...(await session.stepFeeds(batch, updates)), [LEARNING_RATE]: rate };
  }

  /** Brings the variables to where they were after so many updates. */
  async function replay(from: Copy, updates: number): Promise<void> {
    const { session, step, variables } = from;
    await session.variables.write(variables);
    for (let done = step; done < updates; done++)
      await session.step.run(session.variables, await feedsOf(from, done));
  }

  /** What is bad in the update after so many, and in the weights that it leaves. */
  async function lookInside(from: Copy, updates: number): Promise<BadPlace | null> {
    const { session } = from;
    const { engine, variables } = session;
    const check = finiteCheck(at.model, settings.model, settings, true);
    const program = await engine.compile(check.program);
    try {
      const feeds = await feedsOf(from, updates);
      return check.first(await program.run(variables, feeds));
    } finally {
      await program.dispose();
    }
  }

  return {
    async beforeStep(rate) {
      if (copy?.session !== at.session || performance.now() >= due) await makeCopy();
      rates.push(rate);
    },

    async inTraining() {
      const from = copy;
      if (!from) return null;
      const last = at.step - 1;
      const { variables } = from.session;
      await replay(from, last);
      const place = await lookInside(from, last);
      if (place?.where !== 'weights') return place;
      // The weights broke before: the first update that left a bad one is between `whole` and `broken`.
      let [whole, broken] = [from.step, last];
      while (broken - whole > 1) {
        // Mostly it was the update just before.
        const middle = broken === last ? broken - 1 : Math.floor((whole + broken) / 2);
        await replay(from, middle);
        if (badWeights(await variables.read()).length > 0) broken = middle;
        else whole = middle;
      }
      await replay(from, whole);
      const inside = await lookInside(from, whole);
      return inside ?? { where: 'update', path: place.path };
    },

    async inValidation() {
      const { engine, variables, data, feeds } = at.session;
      const check = finiteCheck(at.model, settings.model, settings, false);
      const program = await engine.compile(check.program);
      const order = naturalOrder(data.validation.size);
      try {
        for await (const batch of batches(data.validation, order, settings.batch_size)) {
          const place = check.first(await program.run(variables, feeds(batch, 'validation')));
          if (place) return place;
        }
        return null;
      } finally {
        await program.dispose();
      }
    },
  };
}

/** The model's variables with values that are no numbers. */
function badWeights(variables: NamedTensors): string[] {
  return Object.entries(variables)
    .filter(
      ([key, { data }]) => isModelWeight(key) && !data.every((value) => Number.isFinite(value)),
    )
    .map(([key]) => key);
}
