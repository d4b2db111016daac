import { callPositions, orderGraph } from '../../../shared/keras/graph.ts';
import {
  isTensorRef,
  layerOf,
  type CallArgument,
  type LayerId,
  type ModelSpec,
  type TensorRef,
} from '../../../shared/keras/spec.ts';
import { createOps, type Value } from '../../../shared/program/builder.ts';
import type { TensorData } from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import type { Engine, Executable, Variables } from '../../engines/engine.ts';

/** One call that was run: what went in and what came out. */
export interface PartCall {
  readonly layer: LayerId;
  readonly inputs: readonly TensorData[];
  readonly outputs: readonly TensorData[];
}

/** Runs layers and models as programs of their own, all on the same variables. */
export interface Parts {
  /** What one layer or model gives for these inputs, in inference mode. */
  run(
    layer: LayerId,
    inputs: readonly TensorData[],
    kwargs?: Readonly<Record<string, unknown>>,
  ): Promise<TensorData[]>;
  /** What a model gives when the calls in its graph are run one after the other, each as a program of its own. */
  chain(
    model: LayerId,
    inputs: readonly TensorData[],
  ): Promise<{ outputs: TensorData[]; calls: PartCall[] }>;
}

/** Parts of a spec. A program is compiled once for a layer and the shapes that it takes. */
export function createParts(spec: ModelSpec, engine: Engine, variables: Variables): Parts {
  const compiled = new Map<string, Promise<Executable>>();

  async function run(
    layer: LayerId,
    inputs: readonly TensorData[],
    kwargs: Readonly<Record<string, unknown>> = {},
  ): Promise<TensorData[]> {
    const feeds = new Map<string, TensorData>();
    const ops = createOps();
    const feed = (value: TensorData): Value => {
      const name = `input/${feeds.size}`;
      feeds.set(name, value);
      return ops.feed(name, [null, ...value.shape.slice(1)], value.dtype);
    };
    const values = inputs.map(feed);
    const named = mapKeywords(kwargs, (value) => (isTensor(value) ? feed(value) : value));
    const { outputs } = traceModel(spec, layer, { ops, inputs: values, kwargs: named });
    const names = outputs.map((_, i) => `output/${i}`);
    const program = ops.program(
      Object.fromEntries(outputs.map((value, i) => [names[i]!, value] as const)),
    );
    const key = JSON.stringify([layer, values, named]);
    const executable = compiled.get(key) ?? engine.compile(program);
    compiled.set(key, executable);
    const results = await (await executable).run(variables, Object.fromEntries(feeds));
    return names.map((name) => results[name]!);
  }

  async function chain(model: LayerId, inputs: readonly TensorData[]) {
    const { graph, config } = layerOf(spec, model);
    const positions = callPositions(graph!);
    const results = new Map<number, readonly TensorData[]>();
    graph!.inputs.forEach(([layer, call], i) =>
      results.set(positions.get(layer)![call]!, [inputs[i]!]),
    );
    const valueOf = ([layer, call, output]: TensorRef) =>
      results.get(positions.get(layer)![call]!)![output]!;
    const resolve = (argument: CallArgument): TensorData[] =>
      isTensorRef(argument) ? [valueOf(argument)] : argument.map(valueOf);
    const calls: PartCall[] = [];
    for (const at of orderGraph(spec, graph!, config.name).calls) {
      if (results.has(at)) continue;
      const { layer, args, kwargs = {} } = graph!.calls[at]!;
      const named = mapKeywords(kwargs, (value) => (isTensorRef(value) ? valueOf(value) : value));
      const given = args.flatMap(resolve);
      const outputs = await run(layer, given, named);
      results.set(at, outputs);
      calls.push({ layer, inputs: given, outputs });
    }
    return { outputs: graph!.outputs.map(valueOf), calls };
  }

  return { run, chain };
}

/** Keyword arguments with each tensor among them, also in a list, replaced. */
function mapKeywords(
  kwargs: Readonly<Record<string, unknown>>,
  replace: (value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(kwargs).map(([name, value]) => {
      const whole = replace(value);
      return [name, whole === value && Array.isArray(value) ? value.map(replace) : whole];
    }),
  );
}

function isTensor(value: unknown): value is TensorData {
  return typeof value === 'object' && value !== null && 'data' in value && 'shape' in value;
}
