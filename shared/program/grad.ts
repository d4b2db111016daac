import type { OpAttrs, OpName } from './attributes.ts';
import type { Ops, Value } from './builder.ts';
import { gradients as rules } from './gradients.ts';
import { sumParts } from './sum-parts.ts';

/** What the gradient rule of one operation sees. */
export interface GradContext<K extends OpName> {
  readonly ops: Ops;
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** The gradient of the loss for the output, with the output's shape. */
  readonly dy: Value;
  readonly attrs: OpAttrs[K];
}

/**
 * Adds the reverse mode of a scalar to the program being built: d`loss`/dx for each x of `targets`, with x's shape.
 * Zeros where the loss does not depend on x. Throws an Error that names an operation without a gradient on the way.
 */
export function grad(ops: Ops, loss: Value, targets: readonly Value[]): Value[] {
  const { nodes } = ops;
  const needed = dependents(ops, targets, loss.id);
  const valueOf = (id: number): Value => ({ id, shape: nodes[id]!.shape, dtype: nodes[id]!.dtype });
  const parts = new Map<number, Value[]>();
  const accumulate = (id: number, part: Value) => {
    const list = parts.get(id);
    if (list) list.push(part);
    else parts.set(id, [part]);
  };
  const total = (id: number): Value | undefined => {
    const list = parts.get(id);
    return list && sumParts(ops, list);
  };

  if (needed.has(loss.id)) accumulate(loss.id, ops.constant(ONE));
  const totals = new Map<number, Value>();
  for (let id = loss.id; id >= 0; id--) {
    if (!needed.has(id)) continue;
    const dy = total(id);
    if (!dy) continue;
    totals.set(id, dy);
    const node = nodes[id]!;
    if (node.inputs.every((input) => !needed.has(input))) continue;
    const rule = rules[node.op] as ((context: GradContext<OpName>) => (Value | null)[]) | null;
    if (rule === null) continue;
    const inputs = node.inputs.map(valueOf);
    const results = rule({ ops, inputs, output: valueOf(id), dy, attrs: node.attrs });
    results.forEach((part, i) => {
      if (part && needed.has(node.inputs[i]!)) accumulate(node.inputs[i]!, part);
    });
  }
  return targets.map((target) => totals.get(target.id) ?? ops.mul(target, 0));
}

const ONE = { shape: [], dtype: 'float32', data: new Float32Array([1]) } as const;

/** The nodes up to `last` that depend on a target, the targets among them: only these need gradients. */
function dependents(ops: Ops, targets: readonly Value[], last: number): ReadonlySet<number> {
  const found = new Set(targets.map((target) => target.id));
  for (let id = 0; id <= last; id++) {
    const { inputs, dtype } = ops.nodes[id]!;
    if (ops.stopped.has(id)) continue;
    if (dtype === 'float32' && inputs.some((input) => found.has(input))) found.add(id);
  }
  return found;
}
