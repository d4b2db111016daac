import type { OpAttrs, OpName } from '../../../shared/program/attributes.ts';
import type { NodeOf } from '../../../shared/program/program.ts';
import type { DType, Shape, TensorType } from '../../../shared/program/tensor.ts';
import type { OnnxGraph } from './graph.ts';
import { inLayout, isReshape, reshapeTarget, toFirst, toLast, type Layout } from './layout.ts';
import { ELEMENT_TYPES, type ElementType } from './model.ts';

/** A value of the program in the ONNX graph: its name in each layout in which it is there. */
export interface Lowered extends TensorType {
  readonly names: Partial<Record<Layout, string>>;
  /** Set while the operator waits for its only use to be written: a bias that follows can still go into it. */
  unwritten?: Unwritten | undefined;
}

interface Unwritten {
  readonly layout: Layout;
  /** Writes the operator, with a bias for the last axis when one is given; gives the name of its result. */
  readonly write: (bias?: Lowered) => string;
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

  constructor(graph: OnnxGraph) {
    this.graph = graph;
  }

  /** The name of a value in a layout; converts it once when it is not there. */
  name(x: Lowered, layout: Layout): string {
    const known = this.write(x).names[layout];
    if (known !== undefined) return known;
    const other = layout === 'last' ? 'first' : 'last';
    const perm = (layout === 'last' ? toLast : toFirst)(x.shape.length);
    return (x.names[layout] = this.permute(x.names[other]!, inLayout(other, x.shape), perm));
  }

  /** The name of a value in the order of the program. */
  last(x: Lowered): string {
    return this.name(x, 'last');
  }

  /** The name of a value with its channels first. */
  first(x: Lowered): string {
    return this.name(x, 'first');
  }

  /** The layout in which a value is there already; channels last when both are. */
  layoutOf(x: Lowered): Layout {
    if (x.unwritten) return x.unwritten.layout;
    return x.names.last === undefined ? 'first' : 'last';
  }

  /** A value that a name now stands for, in a layout. */
  value(type: TensorType, name: string, layout: Layout = 'last'): Lowered {
    const { shape, dtype } = type;
    const names = shape.length < 3 ? { last: name, first: name } : { [layout]: name };
    return { shape, dtype, names };
  }

  /** A value whose operator is written when it is used. */
  later(type: TensorType, layout: Layout, write: Unwritten['write']): Lowered {
    const { scope } = this.graph;
    const writeInScope: Unwritten['write'] = (bias) => {
      const outer = this.graph.scope;
      this.graph.scope = scope;
      const name = write(bias);
      this.graph.scope = outer;
      return name;
    };
    return {
      shape: type.shape,
      dtype: type.dtype,
      names: {},
      unwritten: { layout, write: writeInScope },
    };
  }

  /** Writes a value's operator now if it still waits. */
  write(x: Lowered): Lowered {
    const { unwritten } = x;
    if (!unwritten) return x;
    x.unwritten = undefined;
    Object.assign(x.names, this.value(x, unwritten.write(), unwritten.layout).names);
    return x;
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
    return this.graph.node('Reshape', [name, this.graph.ints(shape)]);
  }

  /**
   * The name of an operand of an elementwise operation whose result has this rank, laid out so that ONNX's
   * broadcasting, which aligns the ends, does what the program means.
   */
  operand(x: Lowered, layout: Layout, rank: number): string {
    if (x.shape.every((dim) => dim === 1)) return this.name(x, this.layoutOf(x));
    if (layout === 'last' || x.shape.length === rank) return this.name(x, layout);
    const full: Shape = [...Array<number>(rank - x.shape.length).fill(1), ...x.shape];
    const target = reshapeTarget(inLayout(layout, full));
    if (target && isReshape(full, toFirst(rank))) return this.reshape(this.last(x), target);
    const expanded = reshapeTarget(full);
    if (!expanded) throw new Error('more than one unknown dimension in a broadcast operand');
    return this.permute(this.reshape(this.last(x), expanded), full, toFirst(rank));
  }

  /** The layout for an elementwise operation: the one that saves the most conversions of large operands. */
  commonLayout(inputs: readonly Lowered[], rank: number): Layout {
    const large = inputs.filter((x) => x.shape.length === rank && x.shape.some((dim) => dim !== 1));
    return large.some((x) => this.layoutOf(x) === 'first') ? 'first' : 'last';
  }

  cast(name: string, to: ElementType): string {
    return this.graph.node('Cast', [name], { to: ELEMENT_TYPES[to] });
  }

  /** A scalar constant of a program's type. */
  scalar(value: number, dtype: DType): string {
    const data = dtype === 'float32' ? Float32Array.of(value) : Int32Array.of(value);
    return this.graph.constant({
      dtype: dtype === 'float32' ? 'float32' : 'int32',
      shape: [],
      data,
    });
  }
}
