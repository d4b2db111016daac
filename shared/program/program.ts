import type { OpAttrs, OpName } from './attributes.ts';
import type { DType, Shape } from './tensor.ts';

/** One operation. Its result is the value with the index that the node has in its program. */
export type Node = { [K in OpName]: NodeOf<K> }[OpName];

export interface NodeOf<K extends OpName> {
  readonly op: K;
  /** Indices of the nodes whose results it takes; always smaller than its own. */
  readonly inputs: readonly number[];
  readonly attrs: OpAttrs[K];
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * A list of tensor operations in an order in which they can run.
 * A null dimension is unknown until the run; in a program that runs it is the batch (or a product with it).
 */
export interface Program {
  readonly nodes: readonly Node[];
  /** What a run gives back: name -> index of the node. */
  readonly outputs: Readonly<Record<string, number>>;
  /** What a run stores: variable -> index of the node that is its new value. */
  readonly updates: Readonly<Record<string, number>>;
}

/** The nodes of one operation, in order: `nodesOf(program, 'variable')`. */
export function nodesOf<K extends OpName>(program: Program, op: K): NodeOf<K>[] {
  return program.nodes.filter((node) => node.op === op) as NodeOf<OpName>[] as NodeOf<K>[];
}
