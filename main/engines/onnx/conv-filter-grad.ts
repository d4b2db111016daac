import type { OpAttrs } from '../../../shared/program/attributes.ts';
import { filterProducts } from './filter-products.ts';
import { imageShape, Lowering, type Lower, type Lowered } from './lowering.ts';
import { windowOver, type Window } from './window.ts';

type Attrs = OpAttrs['convFilterGrad'];

/** By blocks where that was measured to be faster and the batch fills them, else by products of matrices. */
export const lowerConvFilterGrad: Lower<'convFilterGrad'> = (context, [x, dy], attrs, node) => {
  const shape = node.shape as number[];
  if (!suitsBlocks(context, x!, dy!, attrs))
    return context.value(node, filterProducts(context, x!, dy!, attrs, shape));
  const images = context.name(dy!, 'blocked');
  context.write(x!);
  const within =
    (write: (inner: Lowering, x: Lowered, dy: Lowered) => string) => (graph: Lowering['graph']) =>
      write(new Lowering(graph, context.blocks!.size), apart(x!), apart(dy!));
  const name = context.graph.choose(
    context.blocks!.filledBy(images),
    shape,
    'float32',
    within((inner, x, dy) => blockedFilterGrad(inner, x, dy, attrs)),
    within((inner, x, dy) => filterProducts(inner, x, dy, attrs, shape)),
  );
  return context.value(node, name);
};

/** Beyond so many output pixels, what one filter meets no longer fits the processor's caches. */
const MOST_PIXELS = 1024;
/** Below so many taps in a row, too little is done with what is loaded. */
const LEAST_TAPS = 3;

function suitsBlocks({ blocks }: Lowering, x: Lowered, dy: Lowered, attrs: Attrs): boolean {
  if (!blocks || attrs.groups !== 1 || x.shape.length !== 4) return false;
  if ([...x.shape.slice(1), ...dy.shape.slice(1)].includes(null)) return false;
  const [height, width] = imageShape(dy).spatial;
  return (
    blocks.fill(dy.shape[3]) &&
    height! * width! <= MOST_PIXELS &&
    attrs.kernelSize[1]! >= LEAST_TAPS
  );
}

/** A convolution of x with dy as the filter: strides and dilations change places, and batch and channels do. */
function blockedFilterGrad(context: Lowering, x: Lowered, dy: Lowered, attrs: Attrs): string {
  const { kernelSize, strides, dilations, padding } = attrs;
  const [sizes, outputs] = [imageShape(x).spatial, imageShape(dy).spatial];
  const { pads } = windowOver(sizes, kernelSize, strides, dilations, padding);
  const after = sizes.map((size, i) => {
    const reach = (outputs[i]! - 1) * strides[i]! + (kernelSize[i]! - 1) * dilations[i]! + 1;
    return reach - size - pads[i]![0];
  });
  const [rows, columns] = pads.map(([before], i) => [before, Math.max(after[i]!, 0)] as const);
  const window: Window = {
    kernel: outputs,
    strides: dilations,
    dilations: strides,
    pads: [rows!, [0, 0]],
  };
  const unread = after.flatMap((n, i) =>
    n < 0 ? [{ axis: i + 2, start: 0, end: n, step: 1 }] : [],
  );
  const read = padColumns(context, context.slice(context.first(x), unread), columns!);
  const blocked = context.name(dy, 'blocked');
  const gradient = context.blocks!.correlate(read, blocked, imageShape(dy), window);
  return context.graph.node('Transpose', [gradient], { perm: [2, 3, 0, 1] });
}

/** Zeros on both sides of channels-first images: these convolutions take places beside the border one at a time. */
function padColumns(
  { graph }: Lowering,
  images: string,
  [before, after]: readonly [number, number],
): string {
  if (before === 0 && after === 0) return images;
  return graph.node('Pad', [images, graph.ints([0, 0, 0, before, 0, 0, 0, after])]);
}

/** The value for use inside a branch, so that names made there do not get out. */
function apart(x: Lowered): Lowered {
  return { ...x, names: new Map(x.names) };
}
