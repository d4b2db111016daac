import type { OpAttrs } from '../../../shared/program/attributes.ts';
import { windowPads } from '../../../shared/program/shapes.ts';
import type { Lowered, Lowering } from './lowering.ts';
import { knownSpatial } from './window.ts';

/** One axis of a slice of an image: where it starts, how many elements it takes, how far apart. */
interface Taken {
  readonly axis: number;
  readonly start: number;
  readonly count: number;
  readonly stride: number;
}

/**
 * The gradient of a filter [...kernel, in, out] as products of matrices: the elements of x that each tap of the kernel meets with dy:
 * dW[k, ci, co] = sum over n, o of x[n, o * stride + k * dilation - pad, ci] dy[n, o, co].
 * The taps of the last axis are put side by side; then there is one product for each tap of the others, so that
 * less is copied than by laying out all patches. Images with many pixels are multiplied one by one and summed
 * over the batch, others all at once; which is faster when was measured.
 */
export function filterProducts(
  context: Lowering,
  x: Lowered,
  dy: Lowered,
  attrs: OpAttrs['convFilterGrad'],
  shape: readonly number[],
): string {
  const { graph } = context;
  const { groups, kernelSize, strides, dilations } = attrs;
  const outputs = knownSpatial(dy.shape.slice(1, -1));
  const pixels = outputs.reduce((a, b) => a * b, 1);
  const [channels, filters] = [x.shape.at(-1)! / groups, dy.shape.at(-1)! / groups];
  const apart = groups > 1 || pixels > PIXELS_PER_FILTER * filters;
  const swap = (image: string, rank: number) =>
    apart ? image : graph.node('Transpose', [image], { perm: swapped(rank) });
  const rank = x.shape.length;
  const last = kernelSize.length - 1;

  let images = swap(padded(context, context.first(x), x.shape, attrs), rank);
  const sizes = knownSpatial(x.shape.slice(1, -1)).map((size, i) => {
    const pads = axisPads(size, i, attrs);
    return size + pads[0] + pads[1];
  });
  if (groups > 1) images = context.reshape(images, [-1, groups, channels, ...sizes]);
  const gradients = context.reshape(
    swap(context.first(dy), rank),
    apart ? [-1, ...(groups > 1 ? [groups] : []), filters, pixels] : [filters, -1],
  );

  const channelAxis = apart ? (groups > 1 ? 2 : 1) : 0;
  const spatialAxis = (i: number) => i + (groups > 1 ? 3 : 2);
  const take = (i: number, tap: number): Taken => ({
    axis: spatialAxis(i),
    start: tap * dilations[i]!,
    count: outputs[i]!,
    stride: strides[i]!,
  });
  const columns = taps(kernelSize[last]!).map((tap) =>
    slice(context, images, [take(last, tap)], [sizes[last]!]),
  );
  const beside =
    columns.length > 1 ? graph.node('Concat', columns, { axis: channelAxis }) : columns[0]!;
  const rows = kernelSize[last]! * channels;

  const products = combinations(kernelSize.slice(0, -1)).map((tap) => {
    const at = tap.map((t, i) => take(i, t));
    const patch = slice(context, beside, at, sizes.slice(0, -1));
    if (!apart)
      return graph.node('Gemm', [context.reshape(patch, [rows, -1]), gradients], { transB: 1 });
    const grouped = groups > 1 ? [groups] : [];
    const matrices = context.reshape(patch, [-1, ...grouped, rows, pixels]);
    const turned = graph.node('Transpose', [gradients], {
      perm: groups > 1 ? [0, 1, 3, 2] : [0, 2, 1],
    });
    const product = graph.node('MatMul', [matrices, turned]);
    return graph.node('ReduceSum', [product, graph.ints([0])], { keepdims: 0 });
  });
  const joinAxis = groups > 1 ? 1 : 0;
  let all = products.length > 1 ? graph.node('Concat', products, { axis: joinAxis }) : products[0]!;
  if (groups > 1) all = graph.node('Transpose', [all], { perm: [1, 0, 2] });
  return context.reshape(all, shape);
}

/** Up to so many output pixels a filter, all images are multiplied at once. */
const PIXELS_PER_FILTER = 4;

function axisPads(
  size: number,
  i: number,
  attrs: OpAttrs['convFilterGrad'],
): readonly [number, number] {
  const { kernelSize, strides, dilations, padding } = attrs;
  return windowPads(size, kernelSize[i]!, strides[i]!, dilations[i]!, padding, i);
}

/** Channels-first images with the zeros around them that the windows reach. */
function padded(
  { graph }: Lowering,
  images: string,
  shape: readonly (number | null)[],
  attrs: OpAttrs['convFilterGrad'],
): string {
  const pads = shape.slice(1, -1).map((size, i) => axisPads(size!, i, attrs));
  if (pads.flat().every((n) => n === 0)) return images;
  const before = [0, 0, ...pads.map(([n]) => n)];
  const after = [0, 0, ...pads.map(([, n]) => n)];
  return graph.node('Pad', [images, graph.ints([...before, ...after])]);
}

/** Takes parts of axes of these sizes; what is taken whole stays. */
function slice(
  { graph }: Lowering,
  images: string,
  taken: readonly Taken[],
  sizes: readonly number[],
): string {
  const cuts = taken.filter(
    ({ start, count, stride }, i) => start > 0 || stride > 1 || count !== sizes[i],
  );
  if (cuts.length === 0) return images;
  return graph.node('Slice', [
    images,
    graph.ints(cuts.map(({ start }) => start)),
    graph.ints(cuts.map(({ start, count, stride }) => start + (count - 1) * stride + 1)),
    graph.ints(cuts.map(({ axis }) => axis)),
    graph.ints(cuts.map(({ stride }) => stride)),
  ]);
}

const taps = (count: number) => Array.from({ length: count }, (_, i) => i);

/** All taps of these axes, the last axis fastest; [[]] for no axes. */
function combinations(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((some) => taps(size).map((tap) => [...some, tap])),
    [[]],
  );
}

/** The order of axes with batch and channels swapped. */
function swapped(rank: number): number[] {
  return [1, 0, ...taps(rank).slice(2)];
}
