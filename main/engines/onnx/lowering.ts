import type { OpAttrs, OpName } from '../../../shared/program/attributes.ts';
import type { NodeOf } from '../../../shared/program/program.ts';
import type { Shape, TensorData, TensorType } from '../../../shared/program/tensor.ts';
import { Blocks, type ImageShape } from './blocks.ts';
import type { OnnxGraph } from './graph.ts';
import {
  axisIn,
  inLayout,
  isReshape,
  reshapeTarget,
  toFirst,
  toLast,
  type Layout,
} from './layout.ts';
import { ELEMENT_TYPES, type Attributes, type ElementType } from './model.ts';

/** A value of the program in the ONNX graph: its name in each layout in which it is there. */
export interface Lowered extends TensorType {
  /** The first is the layout that it was made in. */
  readonly names: Map<Layout, string>;
  /** The numbers of a constant. */
  readonly constant?: TensorData;
  /** Set for the comparison 0 < x of float32, and for 1 where that holds and 0 elsewhere: x. */
  readonly positive?: Lowered;
  /** Set for the gradient of a max-pool that can leave out windows: the pool's input. */
  readonly pooled?: Lowered;
  /** Set for a value that is another one repeated, which ONNX's operators can often do themselves. */
  readonly repeats?: Repeats;
  /** Set while the operator waits to be written until it is used: what follows can still go into it. */
  unwritten?: Unwritten | undefined;
}

/** A value that is repeated, and how to repeat another one just so. */
interface Repeats {
  readonly narrow: Lowered;
  readonly again: (narrow: Lowered, type: TensorType) => Lowered;
}

/** What an operator can do to its result before it writes it. */
export interface Following {
  /** Added along the last axis of the program; a vector. */
  readonly bias?: string;
  readonly relu?: true;
  /** Zero for windows whose maximum is not positive. */
  readonly positive?: true;
}

interface Unwritten {
  readonly layout: Layout;
  /** What can go into the operator, and what has so far. */
  readonly takes: readonly (keyof Following)[];
  readonly following: Following;
  readonly write: (following: Following) => string;
}

/** A part of one axis, from start to end in steps. */
export interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Writes one operation of a program into the graph. */
export type Lower<K extends OpName> = (
  context: Lowering,
  inputs: readonly Lowered[],
  attrs: OpAttrs[K],
  node: NodeOf<K>,
) => Lowered;

/** What the lowerings of single operations share: the graph, and values in the layout that they need. */
export class Lowering {
  readonly graph: OnnxGraph;
  /** Set where images can be blocked. */
  readonly blocks: Blocks | null;

  constructor(graph: OnnxGraph, block: number | null) {
    this.graph = graph;
    this.blocks = block === null ? null : new Blocks(graph, block);
  }

  /** The name of a value in a layout; converts it once when it is not there. */
  name(x: Lowered, layout: Layout): string {
    this.write(x);
    const known = x.names.get(layout);
    if (known !== undefined) return known;
    const name = this.convert(x, layout);
    x.names.set(layout, name);
    return name;
  }

  private convert(x: Lowered, layout: Layout): string {
    const plain = x.names.has('last') ? 'last' : 'first';
    const known = x.names.get(plain);
    if (layout === 'blocked') return this.blocks!.from(plain, known!, imageShape(x), x.dtype);
    if (known === undefined)
      return this.blocks!.to(layout, x.names.get('blocked')!, imageShape(x), x.dtype);
    const perm = (layout === 'last' ? toLast : toFirst)(x.shape.length);
    return this.permute(known, inLayout(plain, x.shape, 1), perm);
  }

  /** The name of a value in the order of the program. */
  last(x: Lowered): string {
    return this.name(x, 'last');
  }

  /** The name of a value with its channels first. */
  first(x: Lowered): string {
    return this.name(x, 'first');
  }

  /**
   * The layout that a value was made in, for operations that work in any; not blocks, when the operation treats the
   * axis of the channels on its own.
   */
  layoutOf(x: Lowered, channelsApart = false): Layout {
    const layout = x.unwritten?.layout ?? x.names.keys().next().value!;
    return layout === 'blocked' && channelsApart ? 'first' : layout;
  }

  /** The size of an axis as the run finds it, a list of one int64. */
  dim(x: Lowered, axis: number): string {
    const layout = this.layoutOf(x, axis === x.shape.length - 1);
    const at = axisIn(layout, x.shape.length, axis);
    return this.graph.node('Shape', [this.name(x, layout)], { start: at, end: at + 1 });
  }

  /** A value that a name now stands for, in a layout. */
  value({ shape, dtype }: TensorType, name: string, layout: Layout = 'last'): Lowered {
    const names = new Map([[layout, name]]);
    if (shape.length < 3) names.set('last', name).set('first', name);
    return { shape, dtype, names };
  }

  /** A value whose operator is written when it is used, together with what of this follows it directly. */
  later(
    { shape, dtype }: TensorType,
    layout: Layout,
    takes: Unwritten['takes'],
    write: Unwritten['write'],
  ): Lowered {
    const { scope } = this.graph;
    const writeInScope: Unwritten['write'] = (following) => {
      const outer = this.graph.scope;
      this.graph.scope = scope;
      const name = write(following);
      this.graph.scope = outer;
      return name;
    };
    const unwritten = { layout, takes, following: {}, write: writeInScope };
    return { shape, dtype, names: new Map(), unwritten };
  }

  /** Puts what follows into the operator of a value that waits; null when it can't take that, or not any more. */
  follow(x: Lowered, what: keyof Following, following: Following): Lowered | null {
    const { unwritten } = x;
    if (!unwritten?.takes.includes(what)) return null;
    const before = unwritten.following;
    if (before.relu || before[what]) return null;
    const both = { ...before, ...following };
    return { ...x, names: new Map(), unwritten: { ...unwritten, following: both } };
  }

  /** Writes a value's operator now if something could still go into it; for values that are used more than once. */
  settle(x: Lowered): void {
    if (x.unwritten?.takes.length) this.write(x);
  }

  /** Writes a value's operator now if it still waits. */
  write(x: Lowered): void {
    const { unwritten } = x;
    if (!unwritten) return;
    x.unwritten = undefined;
    const name = unwritten.write(unwritten.following);
    for (const [layout, made] of this.value(x, name, unwritten.layout).names)
      x.names.set(layout, made);
  }

  /** Reorders the axes of a tensor of this shape: a Reshape where that is enough, else a Transpose. */
  permute(name: string, shape: Shape, perm: readonly number[]): string {
    if (perm.every((axis, i) => axis === i)) return name;
    const target = reshapeTarget(perm.map((axis) => shape[axis]!));
    return target && isReshape(shape, perm)
      ? this.reshape(name, target)
      : this.graph.node('Transpose', [name], { perm });
  }

  /** Reshapes; one -1 stands for what remains. */
  reshape(name: string, shape: readonly number[]): string {
    // A 0 would stand for the size that the tensor has there.
    const attributes: Attributes = shape.includes(0) ? { allowzero: 1 } : {};
    return this.graph.node('Reshape', [name, this.graph.ints(shape)], attributes);
  }

  /** Takes a part; everything when nothing is cut. */
  slice(name: string, cuts: readonly Cut[]): string {
    if (cuts.length === 0) return name;
    const ints = (of: (cut: Cut) => number) => this.graph.ints(cuts.map(of));
    return this.graph.node('Slice', [
      name,
      ints((cut) => cut.start),
      ints((cut) => cut.end),
      ints((cut) => cut.axis),
      ints((cut) => cut.step),
    ]);
  }

  /** Joins along an axis; one alone stays as it is. */
  concat(names: readonly string[], axis: number): string {
    return names.length === 1 ? names[0]! : this.graph.node('Concat', names, { axis });
  }

  /**
   * The name of an operand of an elementwise operation whose result has this shape, laid out so that ONNX's
   * broadcasting, which aligns the ends, does what the program means.
   */
  operand(x: Lowered, layout: Layout, result: Shape): string {
    if (x.shape.every((dim) => dim === 1)) return this.name(x, this.layoutOf(x));
    const whole = x.shape.length === result.length;
    const converts = layout === 'first' || this.layoutOf(x) === layout || !x.shape.includes(1);
    if (layout === 'last' || (whole && converts)) return this.name(x, layout);
    const full = [...Array<number>(result.length - x.shape.length).fill(1), ...x.shape];
    return layout === 'first' ? this.placed(x, full) : this.placedInBlocks(x, full, result);
  }

  /** A value under this shape with leading ones, channels first. */
  private placed(x: Lowered, full: Shape): string {
    return this.permute(this.reshaped(x, full), full, toFirst(full.length));
  }

  /**
   * A value under this shape with leading ones, blocked where it has channels. It is repeated along the width, since
   * ONNX Runtime is slow to broadcast what is no longer than a block.
   */
  private placedInBlocks(x: Lowered, full: Shape, result: Shape): string {
    const rank = full.length;
    const channels = full.at(-1)!;
    const { size } = this.blocks!;
    const split = channels === 1 ? [1, 1] : [channels! / size, size];
    const apart = [...full.slice(0, -1), ...split];
    const name = this.permute(this.reshaped(x, apart), apart, [...toFirst(rank), rank]);
    if (channels === 1 || full.at(-2) !== 1) return name;
    const wide = [...toFirst(rank).map(() => 1), 1];
    wide[rank - 1] = result.at(-2)!;
    return this.graph.node('Expand', [name, this.graph.ints(wide)]);
  }

  private reshaped(x: Lowered, shape: Shape): string {
    const target = reshapeTarget(shape);
    if (!target) throw new Error('more than one unknown dimension in a broadcast operand');
    return this.reshape(this.last(x), target);
  }

  /** The layout for an elementwise operation: the one in which most of its large operands are there. */
  commonLayout(inputs: readonly Lowered[], rank: number): Layout {
    const large = inputs.filter((x) => x.shape.length === rank && x.shape.some((dim) => dim !== 1));
    const count = (layout: Layout) =>
      large.filter((x) => x.names.has(layout) || x.unwritten?.layout === layout).length;
    const made = large.map((x) => this.layoutOf(x));
    const order: readonly Layout[] = ['blocked', 'first', 'last'];
    const candidates = order.filter((layout) => made.includes(layout));
    return candidates.reduce((a, b) => (count(b) > count(a) ? b : a), candidates[0] ?? 'last');
  }

  cast(name: string, to: ElementType): string {
    return this.graph.node('Cast', [name], { to: ELEMENT_TYPES[to] });
  }
}

/** The shape of an image of rank 4 whose spatial sizes are known. */
export function imageShape({ shape }: TensorType): ImageShape {
  return { channels: shape.at(-1)!, spatial: shape.slice(1, -1) as number[] };
}
