import type { DataPreview } from '../../shared/api/data.ts';
import { StudioError } from '../../shared/api/errors.ts';
import type { Tie } from '../../shared/data/mapping.ts';
import { modelPorts } from '../../shared/data/ports.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { naturalOrder } from '../data/batches.ts';
import { openTrainingData, type TrainingData } from '../data/training-data.ts';
import { createCandidate } from '../engines/candidates.ts';
import { encodeStrip, isImageShape, stripShape } from '../formats/strip.ts';
import type { PreviewJob } from './contract.ts';
import { inUnits } from './painter.ts';
import { createAugmenter, noisyColumns } from './variation.ts';

/**
 * The first training samples as they are, and as so many steps of a training would see them: varied and, where the task
 * is to denoise, with noise. Throws a StudioError for data that does not fit the model, or that has no images.
 */
export async function preview({
  model,
  settings,
  samples,
  versions,
}: PreviewJob): Promise<DataPreview> {
  const ports = modelPorts(model, settings.model, settings);
  const data = await openTrainingData(ports, settings);
  try {
    return await previewOf(data, settings, samples, versions);
  } finally {
    await data.close();
  }
}

async function previewOf(
  data: TrainingData,
  settings: TrainingSettings,
  count: number,
  versions: number,
): Promise<DataPreview> {
  const { training, elements, mapping } = data;
  const isImage = ({ columns }: Tie) =>
    elements[columns[0]!]!.kind === 'image' && isImageShape(elements[columns[0]!]!.shape);
  const input = mapping.ties.find((tie) => tie.role === 'input' && isImage(tie));
  if (!input)
    throw new StudioError(
      'BAD_SETTINGS',
      `nothing of ${data.name} that goes into the model is an image`,
    );
  const target = mapping.ties.find((tie) => tie.role === 'output' && isImage(tie));
  const changes = target && (input.noisy || target.columns[0] !== input.columns[0]);
  const name = input.columns[0]!;

  const numbers = naturalOrder(Math.min(count, training.size));
  const batch = { size: numbers.length, samples: numbers, elements: await training.batch(numbers) };
  // Plain JavaScript is always there, and quick enough for a handful of images.
  const engine = await createCandidate({ engine: 'tensorflow', provider: 'javascript' });
  const augmenter = await createAugmenter(engine, data, settings);
  const strip = (column: string, values: NamedTensors) =>
    encodeStrip(inUnits(data, column, values[column]!)) as Uint8Array<ArrayBuffer>;
  const inputs: Uint8Array[] = [];
  const targets: Uint8Array[] = [];
  for (let updates = 0; updates < versions; updates++) {
    const varied = await augmenter.augment(batch, updates);
    const noisy = noisyColumns(data, settings, numbers, varied, { updates });
    inputs.push(strip(name, { ...varied, ...noisy }));
    if (changes) targets.push(strip(target.columns[0]!, varied));
  }
  await engine.dispose();
  return {
    samples: numbers.length,
    shape: stripShape(elements[name]!.shape),
    original: strip(name, batch.elements),
    inputs,
    ...(changes && { targets }),
  };
}
