import type { OpAttrs } from '../../../shared/program/attributes.ts';
import { Blocks, type ImageShape } from './blocks.ts';
import type { OnnxGraph } from './graph.ts';
import { imageShape, type Lowered, type Lowering } from './lowering.ts';
import { windowOver } from './window.ts';

/** So much of dy at most is met by one convolution, in bytes: it should stay in a core's own cache. Measured. */
const BAND_BYTES = 1.6e6;

/**
 * The gradient of a filter [height, width, in, out] by convolutions of x with dy as the filter, where batch and
 * channels change places, and strides and dilations do. The batch, which must fill blocks, is taken a block at a time
 * and the image in bands of rows, so that what is worked on stays in the caches.
 */
export function blockedFilterGrad(
  context: Lowering,
  x: Lowered,
  dy: Lowered,
  attrs: OpAttrs['convFilterGrad'],
): string {
  const { graph } = context;
  const size = context.blocks!.size;
  const [from, by] = [imageShape(x), imageShape(dy)];
  const blocked = context.layoutOf(x) === 'blocked';
  const { channels, spatial } = from;
  const images = context.reshape(
    context.name(x, blocked ? 'blocked' : 'first'),
    blocked ? [-1, size, channels / size, ...spatial, size] : [-1, size, channels, ...spatial],
  );
  const gradients = context.reshape(context.name(dy, 'blocked'), [
    ...[-1, size, by.channels / size, ...by.spatial, size],
  ]);
  const count = context.reshape(graph.node('Shape', [images], { start: 0, end: 1 }), []);
  const shape = [channels, by.channels, ...attrs.kernelSize];
  const zeros = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const none = graph.constant({ dtype: 'float32', shape, data: zeros });
  const sum = graph.loop(count, none, shape, (inner, number, before) => {
    const block = (of: string) => inner.node('Gather', [of, number], { axis: 0 });
    const blocks = new Blocks(inner, size);
    const plain = blocked ? blocks.to('first', block(images), from, 'float32') : block(images);
    return addBands(inner, blocks, before, [plain, from], [block(gradients), by], attrs);
  });
  const gradient = context.blocks!.correlation(sum, by.channels);
  return graph.node('Transpose', [gradient], { perm: [2, 3, 0, 1] });
}

/** Adds what a block of images gives, band after band. */
function addBands(
  graph: OnnxGraph,
  blocks: Blocks,
  before: string,
  [x, from]: readonly [string, ImageShape],
  [dy, by]: readonly [string, ImageShape],
  { kernelSize, strides, dilations, padding }: OpAttrs['convFilterGrad'],
): string {
  const { pads } = windowOver(from.spatial, kernelSize, strides, dilations, padding);
  const reach = (i: number, outputs: number) =>
    (outputs - 1) * strides[i]! + (kernelSize[i]! - 1) * dilations[i]! + 1;
  const [height, width] = by.spatial.map((outputs, i) => reach(i, outputs));
  const [top, left] = pads.map(([before]) => before);
  const bottom = height! - from.spatial[0]! - top!;
  const right = width! - from.spatial[1]! - left!;
  const whole = [top, bottom, left, right].every((n) => n === 0);
  const fitted = whole
    ? x
    : graph.node('Pad', [x, graph.ints([0, 0, top!, left!, 0, 0, bottom, right])]);
  const images = blocks.batchInside(fitted, { ...from, spatial: [height!, width!] });
  const filter = blocks.batchFilter(dy, by);
  const [rows, columns] = by.spatial;
  const most = Math.max(1, Math.floor(BAND_BYTES / (4 * blocks.size * columns! * by.channels)));
  const step = Math.ceil(rows! / Math.ceil(rows! / most));
  let sum = before;
  for (let row = 0; row < rows!; row += step) {
    const taken = Math.min(step, rows! - row);
    const high = reach(0, taken);
    const start = row * strides[0]!;
    const part = blocks.correlate(
      band(graph, images, start, high, height!),
      { ...from, spatial: [high, width!] },
      band(graph, filter, row, taken, rows!),
      { ...by, spatial: [taken, columns!] },
      { kernel: [taken, columns!], strides: dilations, dilations: strides, pads: [[0, 0], [0, 0]] }, // prettier-ignore
    );
    sum = graph.node('Add', [sum, part]);
  }
  return sum;
}

/** Rows of images whose second axis they are; all of them need no cut. */
function band(graph: OnnxGraph, of: string, start: number, rows: number, all: number): string {
  if (rows === all) return of;
  const ends = [graph.ints([start]), graph.ints([start + rows])];
  return graph.node('Slice', [of, ...ends, graph.ints([1])]);
}
