import type { OpAttrs } from '../../../shared/program/attributes.ts';
import { blockedFilterGrad } from './blocked-filter-grad.ts';
import { filterProducts } from './filter-products.ts';
import { imageShape, Lowering, type Lower, type Lowered } from './lowering.ts';

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
  if ([x, dy].some(({ shape: [batch] }) => batch !== null && !blocks.fill(batch))) return false;
  const [height, width] = imageShape(dy).spatial;
  return (
    blocks.fill(dy.shape[3]) &&
    height! * width! <= MOST_PIXELS &&
    attrs.kernelSize[1]! >= LEAST_TAPS
  );
}

/** The value for use inside a branch, so that names made there do not get out. */
function apart(x: Lowered): Lowered {
  return { ...x, names: new Map(x.names) };
}
