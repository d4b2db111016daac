import {
  affineOf,
  imageShapeOf,
  type Affine,
  type ImagePreprocessing,
} from '../../shared/data/preprocessing.ts';
import { inputShape, inputType } from '../../shared/keras/input-layer.ts';
import { layerOf } from '../../shared/keras/spec.ts';
import { sizeOf } from '../../shared/program/tensor.ts';
import { modelOf, type ExportSource } from './exporter.ts';

/**
 * How the training prepared the images that the model's inputs take, by the inputs' names. An input of a submodel, which
 * no data is tied to, takes what the training's only column of such images is.
 */
export function imagePreparation(source: ExportSource): ReadonlyMap<string, ImagePreprocessing> {
  const { spec, training } = source;
  const { preprocessing = {}, ties = [] } = training?.data ?? {};
  const images = Object.values(preprocessing).filter((column) => column.kind === 'image');
  const found = new Map<string, ImagePreprocessing>();
  for (const [id] of layerOf(spec, modelOf(source)).graph!.inputs) {
    const layer = layerOf(spec, id);
    if (inputType(layer) !== 'float32') continue;
    const { name } = layer.config;
    const sample = inputShape(layer).slice(1);
    const fits = (column: ImagePreprocessing) =>
      sample.length === 1
        ? sample[0] === sizeOf(imageShapeOf(column))
        : String(sample) === String(imageShapeOf(column));
    const tie = ties.find(({ role, port }) => role === 'input' && port === name);
    const tied = tie ? preprocessing[tie.columns[0] ?? ''] : undefined;
    const fitting = images.filter(fits);
    const column = tied?.kind === 'image' && fits(tied) ? tied : fitting[0];
    const sure = column === tied || new Set(fitting.map((one) => JSON.stringify(one))).size === 1;
    if (column && sure) found.set(name, column);
  }
  return found;
}

/**
 * How the training normalised the numbers that the model's inputs take: for each number of an input, by the inputs'
 * names. Inputs whose numbers are taken as they are do not count.
 */
export function numberPreparation(source: ExportSource): ReadonlyMap<string, readonly Affine[]> {
  const { spec, training } = source;
  const { preprocessing = {}, ties = [] } = training?.data ?? {};
  const found = new Map<string, readonly Affine[]>();
  for (const [id] of layerOf(spec, modelOf(source)).graph!.inputs) {
    const layer = layerOf(spec, id);
    const { name } = layer.config;
    const size = sizeOf(inputShape(layer).slice(1));
    const tie = ties.find(({ role, port }) => role === 'input' && port === name);
    const columns = (tie?.columns ?? []).map((column) => preprocessing[column]);
    if (size === null || columns.length === 0) continue;
    // Several columns are stacked, a number each.
    if (columns.length > 1 && columns.length !== size) continue;
    if (!columns.every((column) => column?.kind === 'numbers')) continue;
    if (columns.every((column) => column!.normalize === null)) continue;
    found.set(
      name,
      Array.from({ length: size }, (_, place) =>
        columns.length > 1 ? affineOf(columns[place]!, 0) : affineOf(columns[0]!, place),
      ),
    );
  }
  return found;
}
