import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { TensorData } from '../../../shared/program/tensor.ts';
import { OnnxGraph } from './graph.ts';
import { encodeModel } from './proto.ts';
import type { MakeTensor } from './variables.ts';

/** Makes a session of a model whose results stay on the device, or (false) come back. */
export type MakeSession = (model: Uint8Array, stay: boolean) => Promise<InferenceSession>;

type Type = Pick<TensorData, 'shape' | 'dtype'>;

/**
 * Takes tensors to a device and back. ONNX Runtime's binding for Node.js can do neither by itself (its `getData` of a
 * GPU's tensor is "not implemented"), but the inputs and results of a session may be on either side: so a session that
 * computes nothing carries them over.
 */
export class Ferry {
  private readonly makeSession: MakeSession;
  private readonly makeTensor: MakeTensor;
  private readonly sessions = new Map<string, Promise<InferenceSession>>();

  constructor(makeSession: MakeSession, makeTensor: MakeTensor) {
    this.makeSession = makeSession;
    this.makeTensor = makeTensor;
  }

  /** The values as tensors on the device, in order. */
  up(values: readonly TensorData[]): Promise<Tensor[]> {
    return this.cross(values, values.map(this.makeTensor), true);
  }

  /** The numbers of tensors on the device, in order. */
  async down(tensors: readonly Tensor[]): Promise<TensorData['data'][]> {
    const types = tensors.map(({ dims, type }) => ({ shape: dims, dtype: type }) as Type);
    const here = await this.cross(types, tensors, false);
    return here.map(({ data }) => data as TensorData['data']);
  }

  /** Ends the sessions. What they put on the device must be disposed of before. */
  async dispose(): Promise<void> {
    for (const session of this.sessions.values()) await (await session).release();
    this.sessions.clear();
  }

  private async cross(
    types: readonly Type[],
    tensors: readonly Tensor[],
    stay: boolean,
  ): Promise<Tensor[]> {
    if (tensors.length === 0) return [];
    const session = await this.session(types, stay);
    const feeds = Object.fromEntries(tensors.map((tensor, i) => [`from${i}`, tensor]));
    const results = (await session.run(feeds)) as Record<string, Tensor>;
    return tensors.map((_, i) => results[`to${i}`]!);
  }

  private session(types: readonly Type[], stay: boolean): Promise<InferenceSession> {
    const key = `${stay} ${types.map(({ dtype, shape }) => `${dtype}[${shape}]`).join()}`;
    const known = this.sessions.get(key);
    if (known) return known;
    const made = this.makeSession(encodeModel(carrying(types)), stay);
    this.sessions.set(key, made);
    return made;
  }
}

/** A graph that gives what it gets. */
function carrying(types: readonly Type[]) {
  const graph = new OnnxGraph();
  for (const [i, { shape, dtype }] of types.entries()) {
    const input = graph.input({ name: `from${i}`, shape, dtype });
    graph.output({ name: `to${i}`, shape, dtype }, graph.node('Identity', [input]));
  }
  return graph.model();
}
