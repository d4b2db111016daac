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
import { inputShape, inputType } from '../../shared/program/trace.ts';
import type { DataSplits } from '../data/dataset.ts';

/** Turns a batch of the data into the feeds of the model's programs. */
export type BindBatch = (elements: NamedTensors) => NamedTensors;

type Settings = Pick<TrainingSettings, 'task' | 'loss'>;
type Data = Pick<DataSplits, 'name' | 'train' | 'classes'>;

/**
 * Ties data to a model by shape. Inputs of whole numbers take the label, others the image (the second of a pair takes
 * the other image). An output is compared with what the task asks for, or with what else fits it: the image
 * (`reconstruct`), the label as its number or one-hot (`classify`), or whether a pair is of one class (`pairs`).
 * Throws a StudioError that says what a named input or output expects and what the data holds, before anything is
 * trained.
 */
export function bindData(
  spec: ModelSpec,
  model: LayerId,
  compiled: CompiledModel,
  settings: Settings,
  data: Data,
): BindBatch {
  const columns = [
    ...bindInputs(spec, model, data),
    ...compiled.targets.map((target) => bindTarget(target, compiled, settings, data)),
  ];
  return (elements) =>
    Object.fromEntries(columns.map(([name, valueOf]) => [name, valueOf(elements)]));
}

type Column = readonly [feed: string, valueOf: (elements: NamedTensors) => TensorData];

function bindInputs(spec: ModelSpec, model: LayerId, data: Data): Column[] {
  const image = imageShape(data);
  const pictures = 'other' in data.train.elements ? ['image', 'other'] : ['image'];
  let taken = 0;
  return layerOf(spec, model).graph!.inputs.map(([input]) => {
    const layer = layerOf(spec, input);
    const { name } = layer.config;
    const shape = inputShape(layer);
    const dtype = inputType(layer);
    if (dtype === 'int32' && shape.slice(1).every((dim) => dim === 1))
      return [
        name,
        ({ label }) => ({ ...label!, shape: [label!.shape[0]!, ...shape.slice(1)] as number[] }),
      ];
    if (!compatible(shape, image)) throw unfit(`input ${name}`, shape, data.name, image);
    if (dtype !== 'float32')
      throw new StudioError(
        'DATA_DOES_NOT_FIT',
        `input ${name} expects ${dtype}; ${data.name} has images of float32`,
      );
    const element = pictures[Math.min(taken++, pictures.length - 1)]!;
    return [name, (elements) => elements[element]!];
  });
}

function bindTarget(
  { name, output, dtype }: TargetFeed,
  compiled: CompiledModel,
  { task, loss }: Settings,
  data: Data,
): Column {
  const place = `output ${output}`;
  const shape = outputShape(compiled, Number(name.split('/')[1]));
  const image = imageShape(data);
  const label: Shape = [null, data.classes.length];
  const fitting: Record<string, Column[1] | null> = {
    reconstruct: dtype === 'float32' && compatible(shape, image) ? (all) => all['image']! : null,
    classify:
      shape.length === 2 && (shape[1] ?? 0) >= data.classes.length
        ? (all) => (dtype === 'int32' ? all['label']! : oneHot(all['label']!, shape[1]!))
        : null,
    pairs: dtype === 'float32' && compatible(shape, [null, 1]) ? (all) => all['same']! : null,
  };
  const beside =
    compiled.targets.length > 1 ? (fitting['reconstruct'] ?? fitting['classify']) : null;
  const valueOf = fitting[task] ?? beside;
  if (valueOf) return [name, valueOf];
  if (task === 'classify') throw unfit(place, shape, `to classify, ${data.name}`, label);
  if (task === 'pairs') throw unfit(place, shape, `to compare pairs, ${data.name}`, [null, 1]);
  if (dtype === 'int32')
    throw new StudioError(
      'BAD_SETTINGS',
      `the loss ${JSON.stringify(loss)} compares class numbers; the task reconstruct compares images`,
    );
  throw unfit(place, shape, data.name, image);
}

const imageShape = ({ train }: Data): Shape => [null, ...train.elements['image']!.shape];

/** The shape of one of the model's outputs. */
export function outputShape({ predict, outputs }: CompiledModel, output: number): Shape {
  return predict.nodes[predict.outputs[outputs[output]!]!]!.shape;
}

function oneHot({ data }: TensorData, classes: number): TensorData {
  const values = new Float32Array(data.length * classes);
  data.forEach((label, i) => (values[i * classes + label] = 1));
  return { shape: [data.length, classes], dtype: 'float32', data: values };
}

function unfit(place: string, expected: Shape, data: string, received: Shape): StudioError {
  return new StudioError(
    'DATA_DOES_NOT_FIT',
    `${place} has shape ${formatShape(expected)}; ${data} needs ${formatShape(received)}`,
  );
}
