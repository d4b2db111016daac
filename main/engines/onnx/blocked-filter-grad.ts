import type { OpAttrs } from '../../../shared/program/attributes.ts';
import type { ImageShape } from './blocks.ts';
import { imageShape, Lowering, type Lowered } from './lowering.ts';
import { windowOver, type Window } from './window.ts';

type Attrs = OpAttrs['convFilterGrad'];

/** So much of dy at most is met by one convolution, in bytes: it should stay in a core's own cache. Measured. */
const BAND_BYTES = 1.6e6;
/** When dy of a block of images has no more bytes than this, the whole batch is taken at once. */
const SMALL_BLOCK_BYTES = 1e5;

/**
 * The gradient of a filter [height, width, in, out] by convolutions of x with dy as the filter, where batch and
 * channels change places, and strides and dilations do. The batch, which must fill blocks, is taken a block at a time
 * and the image in bands of rows, so that what is worked on stays in the caches.
 */
export function blockedFilterGrad(
  context: Lowering,
  x: Lowered,
  dy: Lowered,
  attrs: Attrs,
): string {
  const { graph, blocks } = context;
  const by = imageShape(dy);
  const bytes = 4 * blocks!.size * by.channels * by.spatial[0]! * by.spatial[1]!;
  const sum = bytes <= SMALL_BLOCK_BYTES ? wholeBatch : blockByBlock;
  const gradient = blocks!.correlation(sum(context, x, dy, attrs), by.channels);
  return graph.node('Transpose', [gradient], { perm: [2, 3, 0, 1] });
}

function wholeBatch(context: Lowering, x: Lowered, dy: Lowered, attrs: Attrs): string {
  const blocks = context.blocks!;
  const [from, by] = [imageShape(x), imageShape(dy)];
  const { images, window } = fitted(context, context.first(x), from, by, attrs);
  const filter = blocks.batchFilter(context.name(dy, 'blocked'), by);
  return blocks.correlate(blocks.batchInside(images), filter, window);
}

function blockByBlock(context: Lowering, x: Lowered, dy: Lowered, attrs: Attrs): string {
  const { graph } = context;
  const size = context.blocks!.size;
  const [from, by] = [imageShape(x), imageShape(dy)];
  const layout = context.layoutOf(x) === 'blocked' ? 'blocked' : 'first';
  const lying =
    layout === 'blocked'
      ? [size, from.channels / size, ...from.spatial, size]
      : [size, from.channels, ...from.spatial];
  const filters = [size, by.channels / size, ...by.spatial, size];
  const grouped = (name: string, part: readonly number[]) => ({
    name: context.reshape(name, [-1, ...part]),
    part,
  });
  const shape = [from.channels, by.channels, ...attrs.kernelSize];
  const zeros = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const none = graph.constant({ dtype: 'float32', shape, data: zeros });
  const blocks = [
    grouped(context.name(x, layout), lying),
    grouped(context.name(dy, 'blocked'), filters),
  ];
  return graph.scan(none, shape, blocks, (body, [images, gradients], before) => {
    const inner = new Lowering(body, size);
    const first =
      layout === 'first' ? images! : inner.blocks!.to('first', images!, from, 'float32');
    const filter = inner.blocks!.batchFilter(gradients!, by);
    return addBands(inner, before, first, filter, [from, by], attrs);
  });
}

/** Adds what a block of images gives, band after band. */
function addBands(
  context: Lowering,
  before: string,
  x: string,
  filter: string,
  [from, by]: readonly [ImageShape, ImageShape],
  attrs: Attrs,
): string {
  const blocks = context.blocks!;
  const { images, window, spatial } = fitted(context, x, from, by, attrs);
  const inside = blocks.batchInside(images);
  const [rows, columns] = by.spatial;
  const most = Math.max(1, Math.floor(BAND_BYTES / (4 * blocks.size * columns! * by.channels)));
  const step = Math.ceil(rows! / Math.ceil(rows! / most));
  let sum = before;
  for (let row = 0; row < rows!; row += step) {
    const taken = Math.min(step, rows! - row);
    const start = row * attrs.strides[0]!;
    const high = reach(attrs, 0, taken);
    const part = blocks.correlate(
      band(context, inside, [from.channels, blocks.size, ...spatial], from.channels, start, high),
      band(
        context,
        filter,
        [by.channels, blocks.size, ...by.spatial],
        by.channels / blocks.size,
        row,
        taken,
      ),
      { ...window, kernel: [taken, columns!] },
    );
    sum = context.graph.node('Add', [sum, part]);
  }
  return sum;
}

/** Some rows of a block of images named [channels, batch, height, width], whose rows lie behind `outer` parts. */
function band(
  context: Lowering,
  images: string,
  [channels, batch, height, width]: readonly number[],
  outer: number,
  start: number,
  rows: number,
): string {
  if (rows === height) return images;
  const row = (channels! * batch! * width!) / outer;
  const lines = context.reshape(images, [outer, height!, row]);
  const cut = context.slice(lines, [{ axis: 1, start, end: start + rows, step: 1 }]);
  return context.reshape(cut, [channels!, batch!, rows, width!]);
}

/** x with zeros around it, or without what no window reads, as the windows of the convolution by dy fit it. */
function fitted(
  { graph }: Lowering,
  x: string,
  from: ImageShape,
  by: ImageShape,
  attrs: Attrs,
): { images: string; window: Window; spatial: number[] } {
  const { kernelSize, strides, dilations, padding } = attrs;
  const { pads } = windowOver(from.spatial, kernelSize, strides, dilations, padding);
  const spatial = by.spatial.map((outputs, i) => reach(attrs, i, outputs));
  const before = pads.map(([n]) => n);
  const after = spatial.map((size, i) => size - from.spatial[i]! - before[i]!);
  const amounts = [0, 0, ...before, 0, 0, ...after];
  const images = amounts.some((n) => n !== 0) ? graph.node('Pad', [x, graph.ints(amounts)]) : x;
  const none = before.map(() => [0, 0] as const);
  const window = { kernel: by.spatial, strides: dilations, dilations: strides, pads: none };
  return { images, window, spatial };
}

/** How many elements of x the taps of the kernel reach from so many outputs along an axis. */
function reach({ kernelSize, strides, dilations }: Attrs, axis: number, outputs: number): number {
  return (outputs - 1) * strides[axis]! + (kernelSize[axis]! - 1) * dilations[axis]! + 1;
}
