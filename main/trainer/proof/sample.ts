import { StudioError } from '../../../shared/api/errors.ts';
import { modelPorts } from '../../../shared/data/ports.ts';
import { layerOf, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../../shared/keras/training-settings.ts';
import type { CompiledModel } from '../../../shared/program/step.ts';
import {
  sizeOf,
  tensor,
  type DType,
  type NamedTensors,
  type Shape,
  type TensorData,
} from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { createRandom } from '../../../shared/random.ts';
import { naturalOrder } from '../../data/batches.ts';
import { openTrainingData } from '../../data/training-data.ts';
import { bindData } from '../binding.ts';

/** How many samples a proof computes with. */
const SAMPLES = 4;

/** Samples to prove with: the feeds of a training step, and the model's inputs among them, in its order. */
export interface ProofSample {
  readonly feeds: NamedTensors;
  readonly inputs: readonly TensorData[];
  /** For people: where the samples come from. */
  readonly source: string;
}

/** The first samples of the data; random tensors of the right shapes where the data is not there or does not fit. */
export async function takeSample(
  spec: ModelSpec,
  settings: TrainingSettings,
  compiled: CompiledModel,
): Promise<ProofSample> {
  const { feeds, source } =
    (await dataFeeds(spec, settings)) ?? randomTensors(spec, settings, compiled);
  return { feeds, source, inputs: compiled.inputs.map((name) => feeds[name]!) };
}

type Feeds = Pick<ProofSample, 'feeds' | 'source'>;

async function dataFeeds(spec: ModelSpec, settings: TrainingSettings): Promise<Feeds | null> {
  try {
    const ports = modelPorts(spec, settings.model, settings);
    const data = await openTrainingData(ports, { ...settings, limit: SAMPLES });
    const { training, mapping, columns, name } = data;
    const batch = await training.batch(naturalOrder(training.size));
    await data.close();
    const feeds = bindData(ports, mapping, columns)(batch);
    return { feeds, source: `${training.size} samples of ${name}` };
  } catch (error) {
    if (error instanceof StudioError) return null;
    throw error;
  }
}

function randomTensors(
  spec: ModelSpec,
  { model, seed }: TrainingSettings,
  compiled: CompiledModel,
): Feeds {
  const feeds: NamedTensors = {};
  const draw = (name: string, shape: Shape, dtype: DType) => {
    const known = shape.map((dim) => dim ?? SAMPLES);
    const values = createRandom(seed, `proof/${name}`).uniform(sizeOf(known));
    // Whole numbers are 0 or 1: as class numbers and as indices they are nearly always valid.
    feeds[name] = tensor(dtype === 'float32' ? values : values.map(Math.round), known, dtype);
  };
  const { inputs } = traceModel(spec, model);
  layerOf(spec, model).graph!.inputs.forEach(([input], i) => {
    const { shape, dtype } = inputs[i]!;
    draw(layerOf(spec, input).config.name, shape, dtype);
  });
  for (const { name, shape, dtype } of compiled.targets) draw(name, shape, dtype);
  return { feeds, source: `${SAMPLES} random samples` };
}
