import { readdirSync } from 'node:fs';
import { catalogue } from '../../../shared/keras/layers/catalogue.ts';
import { fromKerasLayer } from '../../../shared/keras/keras-json.ts';
import type { LayerSpec, ModelSpec } from '../../../shared/keras/spec.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { goldenTensor, readGolden, type GoldenTensor } from '../../support/goldens.ts';

type Nest = number | Nest[];

/** A layer of Keras with what it gave for some inputs. */
export interface LayerCase {
  layer: { class_name: string; config: { name: string } };
  training: boolean;
  call: { args: Nest[]; kwargs: object; tensor_kwargs: object };
  inputs: GoldenTensor[];
  weights: GoldenTensor[];
  outputs: GoldenTensor[];
}

/** Keras's own layers with their numbers; of those that take tensors by position, in inference mode. */
export const layerCases = readdirSync(new URL('../../goldens/layers', import.meta.url))
  .map((file) => ({
    name: file.replace('.json', ''),
    golden: readGolden<LayerCase>(`layers/${file.replace('.json', '')}`),
  }))
  .filter(
    ({ golden: { layer, training, call, weights } }) =>
      catalogue.has(layer.class_name) &&
      !(training && weights.length > 0) &&
      Object.keys({ ...call.kwargs, ...call.tensor_kwargs }).length === 0 &&
      call.args.length === 1,
  );

/** A model of the one layer. */
export function layerModel({ layer, inputs, call }: LayerCase): ModelSpec {
  const alone = fromKerasLayer(layer);
  const id = alone.models[0]!;
  const layers: Record<string, LayerSpec> = { ...alone.layers };
  const refs = inputs.map(({ shape, dtype }, i) => {
    layers[`x${i}`] = {
      class_name: 'InputLayer',
      config: { name: `x${i}`, batch_shape: [null, ...shape.slice(1)], dtype },
    };
    return [`x${i}`, 0, 0] as const;
  });
  const args = call.args.map((nest) =>
    Array.isArray(nest) ? nest.flat().map((i) => refs[i as number]!) : refs[nest]!,
  );
  const calls = [...refs.map(([layer]) => ({ layer, args: [] })), { layer: id, args }];
  const graph = { calls, inputs: refs, outputs: [[id, 0, 0] as const] };
  layers['model'] = { class_name: 'Functional', config: { name: 'model' }, graph };
  return { version: 1, layers, models: ['model'] };
}

/** The layer's weights as the variables of its model. */
export function layerValues(spec: ModelSpec, golden: LayerCase): NamedTensors {
  const { variables } = traceModel(spec, 'model');
  return Object.fromEntries(
    variables.map(({ key }, i) => [key, goldenTensor(golden.weights[i]!)] as const),
  );
}
