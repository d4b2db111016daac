import { layerAt } from '../../../shared/keras/graph.ts';
import { inputShape, inputType } from '../../../shared/keras/input-layer.ts';
import { layerOf, type ModelSpec } from '../../../shared/keras/spec.ts';
import { freshVariables } from '../../../shared/program/step.ts';
import { tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { createRandom } from '../../../shared/random.ts';
import { interpret } from '../../reference/interpret.ts';

/** The variables of every model in the spec, none of them as fresh ones are, so that no mix-up goes unseen. */
export function noisyVariables(spec: ModelSpec): NamedTensors {
  const variables = spec.models.flatMap((model) => traceModel(spec, model).variables);
  const fresh = freshVariables(variables, 1);
  return Object.fromEntries(
    Object.entries(fresh).map(([key, { shape, data, dtype }]) => {
      const noise = createRandom(2, key).uniform(data.length, 0.01, 0.2);
      return [
        key,
        tensor(
          Array.from(data, (value, i) => value + noise[i]!),
          shape,
          dtype,
        ),
      ];
    }),
  );
}

/** Random inputs of a model, by name. */
export function randomInputs(spec: ModelSpec, path: string, batch = 3): NamedTensors {
  const { graph } = layerOf(spec, layerAt(spec, path));
  return Object.fromEntries(
    graph!.inputs.map(([id], i) => {
      const layer = layerOf(spec, id);
      const shape = inputShape(layer).map((dim) => dim ?? batch);
      const size = shape.reduce((a, b) => a * b, 1);
      const whole = inputType(layer) !== 'float32';
      const numbers = createRandom(i, 'input').uniform(size, whole ? 0 : -1, whole ? 3 : 1);
      return [layer.config.name, tensor(numbers, shape, inputType(layer))];
    }),
  );
}

/** What the model gives for inputs in double precision, in the order of its outputs. */
export function expectedOutputs(
  spec: ModelSpec,
  path: string,
  variables: NamedTensors,
  inputs: NamedTensors,
) {
  const { ops, outputs } = traceModel(spec, layerAt(spec, path));
  const program = ops.program(Object.fromEntries(outputs.map((value, i) => [String(i), value])));
  const results = interpret(program, variables, inputs).outputs;
  return outputs.map((_, i) => results[String(i)]!);
}
