import { StudioError } from '../../shared/api/errors.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import type { TargetFeed } from '../../shared/program/objective.ts';
import type { CompiledModel } from '../../shared/program/step.ts';
import {
  compatible,
  formatShape,
  type NamedTensors,
  type Shape,
  type TensorData,
} from '../../shared/program/tensor.ts';
import { inputShape } from '../../shared/program/trace.ts';
import type { DataSplits } from '../data/dataset.ts';

/** Turns a batch of the data into the feeds of the model's programs. */
export type BindBatch = (elements: NamedTensors) => NamedTensors;

/**
 * Ties data to a model: every input takes the image; every output is compared with the image (task `reconstruct`) or
 * with the label (`classify`), as its number or one-hot, as the loss wants it. Throws a StudioError that says what a
 * named input or output expects and what the data holds, before anything is trained.
 */
export function bindData(
  spec: ModelSpec,
  model: LayerId,
  compiled: CompiledModel,
  settings: Pick<TrainingSettings, 'task' | 'loss'>,
  data: Pick<DataSplits, 'name' | 'train' | 'classes'>,
): BindBatch {
  const image: Shape = [null, ...data.train.elements['image']!.shape];
  for (const [input] of layerOf(spec, model).graph!.inputs) {
    const layer = layerOf(spec, input);
    if (!compatible(inputShape(layer), image))
      throw unfit(`input ${layer.config.name}`, inputShape(layer), data.name, image);
    if (layer.config['dtype'] && layer.config['dtype'] !== 'float32')
      throw new StudioError(
        'DATA_DOES_NOT_FIT',
        `input ${layer.config.name} expects ${String(layer.config['dtype'])}; ${data.name} has images of float32`,
      );
  }
  const targets = compiled.targets.map((target, i) => {
    const valueOf = settings.task === 'reconstruct' ? imageTarget : labelTarget;
    return [target.name, valueOf(target, outputShape(compiled, i))] as const;
  });

  function imageTarget({ output, dtype }: TargetFeed, shape: Shape): ElementOf {
    if (dtype === 'int32')
      throw new StudioError(
        'BAD_SETTINGS',
        `the loss ${settings.loss} compares class numbers; the task reconstruct compares images`,
      );
    if (!compatible(shape, image)) throw unfit(`output ${output}`, shape, data.name, image);
    return (elements) => elements['image']!;
  }

  function labelTarget({ output, dtype }: TargetFeed, shape: Shape): ElementOf {
    const classes = shape.at(-1) ?? 0;
    if (shape.length !== 2 || classes < data.classes.length)
      throw unfit(`output ${output}`, shape, `to classify, ${data.name}`, [
        null,
        data.classes.length,
      ]);
    return ({ label }) => (dtype === 'int32' ? label! : oneHot(label!, classes));
  }

  return (elements) => {
    const feeds: NamedTensors = {};
    for (const input of compiled.inputs) feeds[input] = elements['image']!;
    for (const [name, valueOf] of targets) feeds[name] = valueOf(elements);
    return feeds;
  };
}

type ElementOf = (elements: NamedTensors) => TensorData;

/** The shape of one of the model's outputs. */
export function outputShape({ predict, outputs }: CompiledModel, output: number): Shape {
  return predict.nodes[predict.outputs[outputs[output]!]!]!.shape;
}

function oneHot({ data }: TensorData, classes: number): TensorData {
  const values = new Float32Array(data.length * classes);
  data.forEach((label, i) => (values[i * classes + label] = 1));
  return { shape: [data.length, classes], dtype: 'float32', data: values };
}

function unfit(place: string, expected: Shape, name: string, received: Shape): StudioError {
  return new StudioError(
    'DATA_DOES_NOT_FIT',
    `${place} has shape ${formatShape(expected)}; ${name} needs ${formatShape(received)}`,
  );
}
