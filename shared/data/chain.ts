import { fromKerasLayer } from '../keras/keras-json.ts';
import type { JsonObject } from '../keras/spec.ts';
import type { Ops, Value } from '../program/builder.ts';
import { traceModel } from '../program/trace.ts';

/** A Keras layer as its class and configuration. */
export interface KerasLayer {
  readonly class_name: string;
  readonly config: JsonObject;
}

/** Calls layers without weights one after the other; `path` is what their names begin with. */
export function callChain(
  ops: Ops,
  input: Value,
  layers: readonly KerasLayer[],
  { path, training = false }: { readonly path: string; readonly training?: boolean },
): Value {
  return layers.reduce((value, { class_name, config }, i) => {
    const name = `${path}/${i}`.replaceAll('/', '_');
    const spec = fromKerasLayer({ class_name, config: { ...config, name } });
    return traceModel(spec, spec.models[0]!, { ops, inputs: [value], training }).outputs[0]!;
  }, input);
}
