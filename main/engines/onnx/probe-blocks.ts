import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { BLOCKS_DOMAIN } from './blocks.ts';
import { OnnxGraph } from './graph.ts';
import { encodeModel } from './proto.ts';

const CHANNELS = 64;
const PIXELS = 2;

/**
 * How many channels ONNX Runtime puts into a block on this processor, found by letting it reorder a small image;
 * null where it has no blocked images or lays them out in another way than we know.
 */
export async function probeBlockSize(
  Session: typeof InferenceSession,
  Values: typeof Tensor,
): Promise<number | null> {
  const shape = [1, CHANNELS, 1, PIXELS];
  const graph = new OnnxGraph();
  const input = graph.input({ name: 'image', shape, dtype: 'float32' });
  const blocked = graph.node('ReorderInput', [input], {}, BLOCKS_DOMAIN);
  graph.output({ name: 'blocked', shape, dtype: 'float32' }, blocked);
  const numbers = Float32Array.from({ length: CHANNELS * PIXELS }, (_, i) => i);
  try {
    const session = await Session.create(encodeModel(graph.model()), { logSeverityLevel: 4 });
    const { blocked } = await session.run({ image: new Values('float32', numbers, shape) });
    const found = blocked!.data as Float32Array;
    await session.release();
    const block = found.indexOf(1);
    const at = (channel: number, pixel: number) =>
      (Math.floor(channel / block) * PIXELS + pixel) * block + (channel % block);
    const known = numbers.every((x) => found[at(Math.floor(x / PIXELS), x % PIXELS)] === x);
    return block > 1 && known ? block : null;
  } catch {
    return null;
  }
}
