import { ARITHMETIC, COMPARISON, LOGICAL, UNARY, type ConvAttrs } from './attributes.ts';
import { createOps, type Ops, type Value } from './builder.ts';
import type { Node, NodeOf } from './program.ts';
import { windowPads } from './shapes.ts';
import type { Dim, Shape } from './tensor.ts';
import type { Forward } from './trace.ts';

/** Operations of which every number comes from the numbers at the same place. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...[...UNARY, ...ARITHMETIC, ...COMPARISON, ...LOGICAL],
  ...['not', 'cast', 'select'],
]);

/**
 * The same forward pass without the rows and columns that no pooling window covers: 11 pixels in windows of 2 leave
 * one over, so that the convolution before gives 10, from fewer pixels in turn. Done before there are gradients, it
 * saves their part too; calls of which nothing is needed are gone. Gives what it got when everything is looked at.
 */
export function cropUnseen(forward: Forward): Forward {
  const { nodes } = forward.ops;
  const masks = forward.masks.filter((mask) => mask !== null);
  const updates = Object.entries(forward.updates);
  const roots = [...forward.outputs, ...forward.losses, ...masks, ...updates.map(([, x]) => x)];
  const seen = whatIsSeen(nodes, roots);
  if (nodes.every(({ shape }, id) => !seen[id] || same(seen[id], shape))) return forward;
  const ops = createOps();
  const values: Value[] = [];
  for (const [id, node] of nodes.entries()) {
    if (!seen[id]) continue;
    const shapes = node.inputs.map((input) => nodes[input]!.shape);
    const given = node.inputs.map((input) => values[input]!);
    values[id] = emitAgain(ops, node, seen[id], shapes, given);
  }
  const now = (value: Value) => values[value.id]!;
  return {
    ops,
    variables: forward.variables,
    outputs: forward.outputs.map(now),
    losses: forward.losses.map(now),
    masks: forward.masks.map((mask) => mask && now(mask)),
    updates: Object.fromEntries(updates.map(([name, value]) => [name, now(value)])),
    calls: forward.calls
      .filter(({ inputs, outputs }) => [...inputs, ...outputs].every(({ id }) => values[id]))
      .map((call) => ({ ...call, inputs: call.inputs.map(now), outputs: call.outputs.map(now) })),
  };
}

/** How far each value is looked at along its axes, from the start; undefined for one that nothing needs. */
function whatIsSeen(nodes: readonly Node[], roots: readonly Value[]): (Shape | undefined)[] {
  const seen: (Shape | undefined)[] = [];
  const look = (id: number, extent: Shape) => {
    const before = seen[id];
    seen[id] = before ? extent.map((dim, axis) => larger(dim, before[axis]!)) : extent;
  };
  for (const { id, shape } of roots) look(id, shape);
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id]!;
    const extent = seen[id];
    if (!extent) continue;
    const shapes = node.inputs.map((input) => nodes[input]!.shape);
    const wanted = wantedOf(node, extent, shapes);
    node.inputs.forEach((input, i) => look(input, wanted[i]!));
  }
  return seen;
}

/** How far a node looks at each of its inputs to give so much of its result. */
function wantedOf(node: Node, extent: Shape, shapes: readonly Shape[]): readonly Shape[] {
  if (ELEMENTWISE.has(node.op)) {
    const axisOf = (shape: Shape, i: number) => extent.length - shape.length + i;
    const open = shapes.some((shape) =>
      shape.some((dim, i) => dim === null && node.shape[axisOf(shape, i)] !== null),
    );
    if (open) return shapes;
    return shapes.map((shape) =>
      shape.map((dim, i) => {
        const axis = axisOf(shape, i);
        return dim === node.shape[axis] ? extent[axis]! : dim;
      }),
    );
  }
  if (isPool(node) && node.attrs.padding === 'valid') {
    const { poolSize, strides } = node.attrs;
    return [spatial(shapes[0]!, (_, i) => reach(extent[i + 1]!, poolSize[i]!, strides[i]!, 1))];
  }
  if (!isCropped(node, extent)) return shapes;
  const [x, filter] = shapes as [Shape, Shape];
  const ends = endsOf(node, extent, x, filter);
  return [spatial(x, (size, i) => Math.min(size!, ends[i]!)), filter];
}

/** The node on what its inputs are now. What it gives reaches at least as far as it is looked at. */
function emitAgain(
  ops: Ops,
  node: Node,
  extent: Shape,
  shapes: readonly Shape[],
  given: readonly Value[],
): Value {
  const wanted = wantedOf(node, extent, shapes);
  // A pool that gives everything passes over the rest by itself.
  const whole = isPool(node) && same(extent, node.shape) && same(given[0]!.shape, shapes[0]!);
  const inputs = whole ? given : given.map((value, i) => cut(ops, value, wanted[i]!));
  if (!isCropped(node, extent)) return ops.emit(node.op, inputs, node.attrs as never);
  const [x, filter] = shapes as [Shape, Shape];
  const ends = endsOf(node, extent, x, filter);
  const padding = padsOf(node, x, filter).map(
    ([before], i) => [before, ends[i]! - inputs[0]!.shape[i + 1]!] as const,
  );
  const none = padding.flat().every((n) => n === 0);
  const attrs: ConvAttrs = { ...node.attrs, padding: none ? 'valid' : padding };
  return ops.emit('conv', inputs, attrs);
}

const isPool = (node: Node): node is NodeOf<'maxPool'> | NodeOf<'avgPool'> =>
  node.op === 'maxPool' || node.op === 'avgPool';

/** Whether it is a convolution, of images of known size, that gives less than it did. */
const isCropped = (node: Node, extent: Shape): node is NodeOf<'conv'> =>
  node.op === 'conv' && !node.shape.slice(1).includes(null) && !same(extent, node.shape);

/** How far the windows of a convolution reach from the start of the image along each axis, to give so much. */
function endsOf(node: NodeOf<'conv'>, extent: Shape, x: Shape, filter: Shape): number[] {
  const { strides, dilations } = node.attrs;
  return padsOf(node, x, filter).map(
    ([before], i) => reach(extent[i + 1]!, filter[i]!, strides[i]!, dilations[i]!)! - before,
  );
}

function padsOf({ attrs }: NodeOf<'conv'>, x: Shape, filter: Shape) {
  const { strides, dilations, padding } = attrs;
  return strides.map((stride, i) =>
    windowPads(x[i + 1]!, filter[i]!, stride, dilations[i]!, padding, i),
  );
}

/** How many elements so many windows reach over. */
function reach(windows: Dim, taps: Dim, stride: number, dilation: number): Dim {
  return windows === null ? null : (windows - 1) * stride + (taps! - 1) * dilation + 1;
}

/** An image's shape with other spatial sizes. */
function spatial(shape: Shape, size: (dim: Dim, i: number) => Dim): Shape {
  return shape.map((dim, axis) =>
    axis === 0 || axis === shape.length - 1 ? dim : size(dim, axis - 1),
  );
}

/** The start of a value along its axes. */
function cut(ops: Ops, value: Value, extent: Shape): Value {
  if (same(value.shape, extent)) return value;
  const starts = extent.map(() => 0);
  return ops.slice(
    value,
    starts,
    extent.map((dim, axis) => (dim === value.shape[axis] ? null : dim)),
  );
}

const same = (a: Shape, b: Shape) => a.length === b.length && a.every((dim, i) => dim === b[i]);

const larger = (a: Dim, b: Dim): Dim => (a === null || b === null ? null : Math.max(a, b));
