import type { Ops, Value } from './builder.ts';

/** A part that is zero but for a run of one axis. */
interface Run {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly value: Value;
}

/**
 * The sum of tensors of one shape. Tensors that are zero but for runs of one axis, as the gradients of slices are,
 * are joined where the runs touch: adding up a slice for each of n steps would cost n squared.
 */
export function sumParts(ops: Ops, parts: readonly Value[]): Value {
  const [runs, others] = [new Map<number, Run[]>(), [] as Value[]];
  for (const part of parts) {
    const run = runOf(ops, part);
    if (!run) others.push(part);
    else runs.set(run.axis, [...(runs.get(run.axis) ?? []), run]);
  }
  for (const along of runs.values()) others.push(...join(ops, along, parts[0]!));
  return others.reduce((a, b) => ops.add(a, b));
}

/** Joins runs of one axis that touch, and pads each of what comes of it to the whole. */
function join(ops: Ops, runs: readonly Run[], whole: Value): Value[] {
  const chains: Run[][] = [];
  for (const run of runs.toSorted((a, b) => a.start - b.start)) {
    const chain = chains.find((chain) => chain.at(-1)!.end === run.start);
    if (chain) chain.push(run);
    else chains.push([run]);
  }
  return chains.map((chain) => {
    const { axis, start } = chain[0]!;
    const { end } = chain.at(-1)!;
    const values = chain.map(({ value }) => value);
    const pads = whole.shape.map((size, i): [number, number] =>
      i === axis ? [start, size! - end] : [0, 0],
    );
    return ops.pad(ops.concat(values, axis), pads);
  });
}

/** The run that a value was padded from with zeros, if it was. */
function runOf(ops: Ops, { id, shape }: Value): Run | null {
  const node = ops.nodes[id]!;
  if (node.op !== 'pad' || node.attrs.value !== 0) return null;
  const padded = node.attrs.pads.flatMap(([before, after], axis) =>
    before !== 0 || after !== 0 ? [axis] : [],
  );
  const axis = padded[0]!;
  if (padded.length !== 1 || shape[axis] === null) return null;
  const [start, after] = node.attrs.pads[axis]!;
  const input = ops.nodes[node.inputs[0]!]!;
  const value = { id: node.inputs[0]!, shape: input.shape, dtype: input.dtype };
  return { axis, start, end: shape[axis]! - after, value };
}
