import type { EngineProgress, EngineReport } from '../../shared/api/engines.ts';
import { nodesOf } from '../../shared/program/program.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../shared/program/step.ts';
import { scalar, sizeOf, tensor, type NamedTensors } from '../../shared/program/tensor.ts';
import { createRandom } from '../../shared/random.ts';
import type { StepSample } from '../engines/probe-step.ts';
import { probeAll } from '../engines/probe.ts';
import type { TrainJob } from './contract.ts';
import { randomFeeds } from './feeds.ts';

type Training = Pick<TrainJob, 'model' | 'settings'>;

/** Tries every engine here, and with `benchmark` times a step of that training on each that works. */
export function survey(
  benchmark: Training | null,
  tell: (progress: EngineProgress) => void,
): Promise<EngineReport[]> {
  if (!benchmark) return probeAll({ tell });
  const batch = benchmark.settings.batch_size;
  return probeAll({ tell, benchmark: { sample: sampleStep(benchmark), batch } });
}

/** A training's first step on noise in the place of data: what a step costs does not depend on its numbers. */
function sampleStep({ model, settings }: Training): StepSample {
  const { seed, batch_size: batch } = settings;
  const compiled = compileModel(model, settings.model, settings);
  const random = createRandom(seed, 'survey');
  const feeds: NamedTensors = randomFeeds(compiled.train, batch, seed, 0);
  for (const { shape, dtype, attrs } of nodesOf(compiled.train, 'feed')) {
    const known = shape.map((dim) => dim ?? batch);
    feeds[attrs.name] = tensor([...random.uniform(sizeOf(known), 0, 1)], known, dtype);
  }
  feeds[LEARNING_RATE] = scalar(compiled.learningRate(0));
  return { program: compiled.train, variables: initialValues(compiled, seed), feeds };
}
