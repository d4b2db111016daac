import type { Node, Program } from '../../../shared/program/program.ts';
import type { Shape } from '../../../shared/program/tensor.ts';

/**
 * How many times the batch the first dimension of each value is, where that is its only unknown one and can be told
 * from the operations; null elsewhere. ONNX Runtime plans its memory by the names of such dimensions.
 */
export function batchMultiples({ nodes }: Program): (number | null)[] {
  const multiples: (number | null)[] = [];
  for (const node of nodes)
    multiples.push(isBatched(node.shape) ? multipleOf(node, nodes, multiples) : null);
  return multiples;
}

const isBatched = (shape: Shape) => shape[0] === null && shape.indexOf(null, 1) === -1;

function multipleOf(
  { op, attrs, inputs, shape }: Node,
  nodes: readonly Node[],
  multiples: readonly (number | null)[],
): number | null {
  const unknown = inputs.filter((id) => nodes[id]!.shape.includes(null));
  if (inputs.length === 0) return 1;
  const known = unknown.map((id) => multiples[id]!);
  const same = known.every((multiple) => multiple === known[0]) ? (known[0] ?? null) : null;
  switch (op) {
    case 'reshape':
      return same === null ? null : (same * rest(nodes[inputs[0]!]!.shape)) / rest(shape);
    case 'gather':
      return multiples[inputs[1]!]!;
    case 'transpose':
      return attrs.perm[0] === 0 ? same : null;
    case 'concat':
      return attrs.axis === 0 ? null : same;
    case 'slice':
      return attrs.starts[0] === 0 && attrs.sizes[0] === null && attrs.strides[0] === 1
        ? same
        : null;
    case 'pad':
      return attrs.pads[0]!.every((amount) => amount === 0) ? same : null;
    case 'argMax':
    case 'reduceSum':
    case 'reduceMean':
    case 'reduceMax':
    case 'reduceMin':
    case 'reduceProd':
      return same;
    case 'positions':
    case 'gatherGrad':
      return null;
    default:
      return unknown.every((id) => nodes[id]!.shape.length === shape.length) ? same : null;
  }
}

/** The product of all dimensions but the first. */
function rest(shape: Shape): number {
  return shape.slice(1).reduce<number>((product, dim) => product * dim!, 1);
}
