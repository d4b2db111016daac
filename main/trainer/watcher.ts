import type { LayerFacts, PlanLayer } from '../../shared/api/events.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { watchLayers, type LayerWatch } from '../../shared/program/layer-watch.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import type { Executable } from '../engines/engine.ts';
import type { Session } from './session.ts';

/** The share of the training time that it may take to look at the layers. */
const SHARE = 0.004;

/** The first step that is looked at: those before it warm the engine up. */
const FIRST = 5;

/** How often a whole training is looked at, at most. */
const MOST = 500;

/** Looks at the layers of a model while it trains, now and then, without changing anything. */
export interface Watcher {
  readonly layers: readonly PlanLayer[];
  /**
   * How the layers fare in a step that is about to be made with these feeds; null when this is not the time for it.
   */
  look(
    at: { readonly step: number; readonly session: Session; readonly model: ModelSpec },
    feeds: NamedTensors,
  ): Promise<LayerFacts | null>;
}

/** A watcher of a training of so many steps. */
export function createWatcher(
  model: ModelSpec,
  settings: TrainingSettings,
  steps: number,
): Watcher {
  const every = Math.max(1, Math.ceil(steps / MOST));
  const first = Math.min(FIRST, steps);
  let watch = watchLayers(model, settings.model, settings);
  let watched = model;
  let program: { readonly of: LayerWatch; readonly executable: Executable } | null = null;
  const began = performance.now();
  let spent = 0;
  let last = -Infinity;

  async function programOf(session: Session): Promise<Executable> {
    if (program?.of !== watch) {
      await program?.executable.dispose();
      program = { of: watch, executable: await session.engine.compile(watch.program) };
    }
    return program.executable;
  }

  return {
    layers: watch.layers,
    async look({ step, session, model: now }, feeds) {
      const isDue = step === first || (step > first && step - last >= every);
      if (!isDue || spent > (performance.now() - began) * SHARE) return null;
      if (now !== watched) {
        watch = watchLayers(now, settings.model, settings);
        watched = now;
      }
      const executable = await programOf(session); // once: it does not count
      const start = performance.now();
      const facts = watch.read(await executable.run(session.variables, feeds));
      spent += performance.now() - start;
      last = step;
      return facts;
    },
  };
}
