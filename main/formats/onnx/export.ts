import { lowerProgram } from '../../engines/onnx/lower.ts';
import { ELEMENT_TYPES, type OnnxModel, type OnnxNode } from '../../engines/onnx/model.ts';
import type { OnnxTensor } from '../../engines/onnx/model.ts';
import { encodeModel } from '../../engines/onnx/proto.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { planBy, valueOf, type Exporter } from '../exporter.ts';
import { toFloat16 } from '../float16.ts';
import { predictProgram, type PredictProgram } from '../predict-program.ts';
import { renamed } from './names.ts';
import { tidied } from './tidy.ts';

/** The largest number of half precision. */
const MOST_FLOAT16 = 65_504;

/**
 * ONNX with standard operators only: opset 17, IR version 8. Inputs and outputs are named as the model's, weights by
 * their paths; one that several submodels share is there once.
 */
export const onnxExporter: Exporter = {
  plan(source, options) {
    return planBy(() => lowered(predictProgram(source, options)));
  },
  files(source, variables, options, name) {
    const predict = predictProgram(source, options);
    const model = tidied(withWeights(lowered(predict), predict, variables));
    const stored = options.weights === 'float16' ? withHalfWeights(model, predict) : model;
    const { path, training } = source;
    const bytes = encodeModel(stored, {
      name: path.split('/').at(-1)!,
      description: `The model ${path}, written by Matryoshka.`,
      metadata: {
        path,
        weights: options.weights,
        layout: options.layout,
        ...(training?.data && { data: `${training.data.name} ${training.data.hash}` }),
        ...(training?.classes && { classes: JSON.stringify(training.classes) }),
      },
    });
    return { [`${name}.onnx`]: bytes };
  },
};

interface NamedGraph {
  readonly model: OnnxModel;
  /** By variable: the name of the graph's input that stands for it. */
  readonly variables: ReadonlyMap<string, string>;
}

/** The program as a graph whose ends have the names of the ports, and whose variables are inputs named by key. */
function lowered({ program, inputs, outputs }: PredictProgram): NamedGraph {
  const { model, ...ports } = lowerProgram(program);
  const taken = new Set([...inputs, ...outputs].map(({ name }) => name));
  const variables = new Map(
    Object.keys(ports.variables).map((key) => {
      let name = key;
      while (taken.has(name)) name = `/${name}`;
      return [key, name];
    }),
  );
  const wanted = new Map([
    ...Object.entries(ports.feeds).map(([name, port]) => [port.name, name] as const),
    ...Object.entries(ports.outputs).map(([name, port]) => [port.name, name] as const),
    ...Object.entries(ports.variables).map(
      ([key, port]) => [port.name, variables.get(key)!] as const,
    ),
  ]);
  const graph = renamed(model, wanted);
  const byName = new Map(graph.outputs.map((port) => [port.name, port]));
  return {
    model: { ...graph, inputs, outputs: outputs.map(({ name }) => byName.get(name)!) },
    variables,
  };
}

function withWeights(
  { model, variables }: NamedGraph,
  predict: PredictProgram,
  values: NamedTensors,
): OnnxModel {
  const initializers: Record<string, OnnxTensor> = { ...model.initializers };
  for (const variable of predict.variables) {
    const name = variables.get(variable.key);
    if (name !== undefined) initializers[name] = valueOf(variable, values);
  }
  return { ...model, initializers };
}

/** The weights in half precision, each with a Cast to what the operators take, which runtimes do at load. */
function withHalfWeights(model: OnnxModel, { variables }: PredictProgram): OnnxModel {
  const initializers: Record<string, OnnxTensor> = {};
  const casts: OnnxNode[] = [];
  const wide = new Map<string, string>();
  const keys = variables.map(({ key }) => key);
  for (const [name, tensor] of Object.entries(model.initializers)) {
    const isWeight = keys.some((key) => name === key || name.startsWith(`${key}:`));
    if (tensor.dtype !== 'float32' || !isWeight) {
      initializers[name] = tensor;
      continue;
    }
    const numbers = tensor.data as Float32Array;
    const largest = numbers.find((x) => Math.abs(x) > MOST_FLOAT16);
    if (largest !== undefined)
      throw new Error(
        `${name} holds ${largest}, which float16 can't; its largest number is ${MOST_FLOAT16}`,
      );
    initializers[name] = { dtype: 'float16', shape: tensor.shape, data: toFloat16(numbers) };
    wide.set(name, `${name}:float32`);
    casts.push({
      name: `${name}/Cast`,
      op: 'Cast',
      domain: '',
      inputs: [name],
      outputs: [`${name}:float32`],
      attributes: { to: ELEMENT_TYPES.float32 },
    });
  }
  const nodes = model.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => wide.get(name) ?? name),
  }));
  return { ...model, initializers, nodes: [...casts, ...nodes] };
}
