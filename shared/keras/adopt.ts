import { settingsPerOutput, type CompileSettings } from './compile-settings.ts';
import { SpecError, type LayerId, type ModelSpec } from './spec.ts';
import { trainingSettings, type TrainingSettings } from './training-settings.ts';

/** Models, and how one of them trains. */
interface Content {
  readonly model: ModelSpec;
  readonly training: TrainingSettings;
}

/** A model to take in, with what its file says of its training. */
interface Adopted {
  readonly model: { readonly spec: ModelSpec; readonly main: LayerId };
  readonly settings: CompileSettings | null;
  /** What `initial_weights` is to name. */
  readonly weights: string;
}

/**
 * The contents of a project with another model, which begins with its own weights. It trains as its file says; else as
 * the project did, where that can be, else by Keras's mean squared error.
 */
export function adoptModel<C extends Content>(content: C, adopted: Adopted): C {
  const { model, settings, weights } = adopted;
  const moved: TrainingSettings = {
    ...content.training,
    model: model.main,
    initial_weights: weights,
    columns: { inputs: {}, outputs: {} },
  };
  const plain = {
    ...moved,
    loss: 'mean_squared_error',
    loss_weights: null,
    metrics: [],
    weighted_metrics: [],
    class_weight: null,
  };
  const given = settings ? trainingSettings.safeParse({ ...plain, ...settings }) : null;
  const candidates = [...(given?.success ? [given.data] : []), moved];
  const training = candidates.find((one) => fits(model.spec, one)) ?? plain;
  return { ...content, model: model.spec, training };
}

/** Whether the settings can train their model. */
function fits(spec: ModelSpec, settings: TrainingSettings): boolean {
  try {
    settingsPerOutput(spec, settings.model, settings);
    return true;
  } catch (error) {
    if (error instanceof SpecError) return false;
    throw error;
  }
}
