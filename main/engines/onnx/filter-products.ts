import type { OpAttrs } from '../../../shared/program/attributes.ts';
import type { Cut, Lowered, Lowering } from './lowering.ts';
import { knownSpatial, windowOver, type Window } from './window.ts';

/** Up to so many output pixels a filter, all images are multiplied at once; measured. */
const PIXELS_PER_FILTER = 4;

/**
 * The gradient of a filter [...kernel, in, out] as products of matrices: what each tap of the kernel meets of x, and dy.
 * dW[k, ci, co] = sum over n, o of x[n, o * stride + k * dilation - pad, ci] dy[n, o, co].
 * The taps of the last axis are put side by side, then there is one product for each tap of the other axes, so that
 * less is copied than by laying out all patches.
 */
export function filterProducts(
  context: Lowering,
  x: Lowered,
  dy: Lowered,
  attrs: OpAttrs['convFilterGrad'],
  shape: readonly number[],
): string {
  const { kernelSize, strides, dilations, padding, groups } = attrs;
  const sizes = knownSpatial(x.shape.slice(1, -1));
  const outputs = knownSpatial(dy.shape.slice(1, -1));
  const window = windowOver(sizes, kernelSize, strides, dilations, padding);
  const images = padded(context, context.first(x), window);
  const lasting = sizes.map((size, i) => size + window.pads[i]![0] + window.pads[i]![1]);
  const given: Given = {
    channels: x.shape.at(-1)! / groups,
    filters: dy.shape.at(-1)! / groups,
    groups,
    sizes: lasting,
    outputs,
    pixels: outputs.reduce((a, b) => a * b, 1),
    window,
  };
  const together = groups === 1 && given.pixels <= PIXELS_PER_FILTER * given.filters;
  const products = together ? productOfAll : productsOfEach;
  return context.reshape(products(context, images, context.first(dy), given), shape);
}

/** What both ways to multiply know: channels and filters a group, the sizes of the padded images and of dy. */
interface Given {
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly sizes: readonly number[];
  readonly outputs: readonly number[];
  readonly pixels: number;
  readonly window: Window;
}

/** Few pixels, many channels: a product for a tap, over the pixels of all images. */
function productOfAll(context: Lowering, images: string, dy: string, given: Given): string {
  const { graph } = context;
  const perm = [1, 0, ...given.sizes.map((_, i) => i + 2)];
  const batchInside = (name: string) => graph.node('Transpose', [name], { perm });
  const rows = given.window.kernel.at(-1)! * given.channels;
  const gradients = context.reshape(batchInside(dy), [given.filters, -1]);
  const products = patches(context, batchInside(images), 0, given).map((patch) =>
    graph.node('Gemm', [context.reshape(patch, [rows, -1]), gradients], { transB: 1 }),
  );
  return context.concat(products, 0);
}

/** Many pixels: a product for a tap and an image, summed over the images. */
function productsOfEach(context: Lowering, images: string, dy: string, given: Given): string {
  const { graph } = context;
  const { groups, channels, filters, pixels } = given;
  const rows = given.window.kernel.at(-1)! * channels;
  const grouped = context.reshape(images, [-1, groups, channels, ...given.sizes]);
  const gradients = graph.node('Transpose', [context.reshape(dy, [-1, groups, filters, pixels])], {
    perm: [0, 1, 3, 2],
  });
  const products = patches(context, grouped, 2, given).map((patch) => {
    const matrices = context.reshape(patch, [-1, groups, rows, pixels]);
    const product = graph.node('MatMul', [matrices, gradients]);
    return graph.node('ReduceSum', [product, graph.ints([0])], { keepdims: 0 });
  });
  const all = context.concat(products, 1);
  return context.permute(all, [groups, rows * products.length, filters], [1, 0, 2]);
}

/** For each tap of all axes but the last: what it meets, with the taps of the last axis side by side as channels. */
function patches(context: Lowering, images: string, channelAxis: number, given: Given): string[] {
  const { sizes, outputs, window } = given;
  const first = Math.max(channelAxis + 1, 2);
  const last = sizes.length - 1;
  const cut = (i: number, tap: number): Cut[] => {
    const step = window.strides[i]!;
    const start = tap * window.dilations[i]!;
    const whole = start === 0 && step === 1 && outputs[i] === sizes[i];
    const end = start + (outputs[i]! - 1) * step + 1;
    return whole ? [] : [{ axis: first + i, start, end, step }];
  };
  const columns = taps(window.kernel[last]!).map((tap) => context.slice(images, cut(last, tap)));
  const beside = context.concat(columns, channelAxis);
  return combinations(window.kernel.slice(0, -1)).map((at) =>
    context.slice(
      beside,
      at.flatMap((tap, i) => cut(i, tap)),
    ),
  );
}

/** Channels-first images with the zeros around them that the windows reach. */
function padded({ graph }: Lowering, images: string, { pads }: Window): string {
  if (pads.flat().every((n) => n === 0)) return images;
  const before = [0, 0, ...pads.map(([n]) => n)];
  const after = [0, 0, ...pads.map(([, n]) => n)];
  return graph.node('Pad', [images, graph.ints([...before, ...after])]);
}

const taps = (count: number) => Array.from({ length: count }, (_, i) => i);

/** All taps of these axes, the last axis fastest; [[]] for no axes. */
function combinations(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((some) => taps(size).map((tap) => [...some, tap])),
    [[]],
  );
}
