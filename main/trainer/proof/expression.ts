import { callPositions } from '../../../shared/keras/graph.ts';
import {
  isTensorRef,
  layerOf,
  type CallArgument,
  type LayerId,
  type ModelSpec,
  type TensorRef,
} from '../../../shared/keras/spec.ts';

/** Longer than this, an expression says nothing to anybody. */
const MOST = 100;

/** What a model computes, as calls: `decoder(encoder(img))`; how many calls there are where that gets long. */
export function expressionOf(spec: ModelSpec, model: LayerId): string {
  const graph = layerOf(spec, model).graph!;
  const positions = callPositions(graph);
  let length = 0;
  const tensor = ([layer, call, output]: TensorRef): string => {
    const { config, class_name, graph: inner } = layerOf(spec, layer);
    const { name } = config;
    length += name.length + 2;
    if (class_name === 'InputLayer' || length > MOST) return name;
    const { args } = graph.calls[positions.get(layer)![call]!]!;
    const several = (inner?.outputs.length ?? 1) > 1;
    return `${name}(${args.map(argument).join(', ')})${several ? `[${output}]` : ''}`;
  };
  const argument = (value: CallArgument): string =>
    isTensorRef(value) ? tensor(value) : `[${value.map(tensor).join(', ')}]`;
  const text = graph.outputs.map(tensor).join(', ');
  if (length <= MOST) return text;
  return `the ${graph.calls.length} calls of ${layerOf(spec, model).config.name} one by one`;
}
