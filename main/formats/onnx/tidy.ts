import type { OnnxModel, OnnxNode, OnnxTensor } from '../../engines/onnx/model.ts';

type Tensors = Readonly<Record<string, OnnxTensor>>;

/**
 * The graph with weights in the order in which its operators want them, without pairs of Transposes that undo each
 * other, and without what no output needs. The numbers it computes stay the same.
 */
export function tidied(model: OnnxModel): OnnxModel {
  return namedAsBefore(pruned(withoutPairs(withReadyWeights(model))));
}

/** Between the name of an initializer and the number of what was made of it. */
const MADE = '\0';

/** Reorders and reshapes initializers here that a Transpose or Reshape would at every load. */
function withReadyWeights(model: OnnxModel): OnnxModel {
  const initializers: Record<string, OnnxTensor> = { ...model.initializers };
  const ready = new Map<string, string>();
  const results = new Set(model.outputs.map(({ name }) => name));
  const nodes: OnnxNode[] = [];
  for (const node of model.nodes) {
    const inputs = node.inputs.map((name) => ready.get(name) ?? name);
    const [output] = node.outputs as [string];
    const made = results.has(output) ? null : constantOf({ ...node, inputs }, initializers);
    if (made) {
      const [root] = inputs[0]!.split(MADE) as [string];
      const name = `${root}${MADE}${ready.size}`;
      initializers[name] = made;
      ready.set(output, name);
    } else nodes.push({ ...node, inputs });
  }
  return { ...model, nodes, initializers };
}

/** What was made of an initializer has its name, and a number behind it where that is taken. */
function namedAsBefore(model: OnnxModel): OnnxModel {
  const taken = new Set(Object.keys(model.initializers));
  const names = new Map<string, string>();
  for (const made of taken) {
    const [root, number] = made.split(MADE) as [string, string?];
    if (number === undefined) continue;
    let name = root;
    for (let i = 1; taken.has(name); i++) name = `${root}:${i}`;
    taken.add(name);
    names.set(made, name);
  }
  const nameOf = (name: string) => names.get(name) ?? name;
  return {
    ...model,
    nodes: model.nodes.map((node) => ({ ...node, inputs: node.inputs.map(nameOf) })),
    initializers: Object.fromEntries(
      Object.entries(model.initializers).map(([name, value]) => [nameOf(name), value]),
    ),
  };
}

/** What a Transpose or Reshape makes of an initializer; null for other nodes. */
function constantOf({ op, inputs, attributes }: OnnxNode, tensors: Tensors): OnnxTensor | null {
  const given = Object.hasOwn(tensors, inputs[0] ?? '') ? tensors[inputs[0]!]! : null;
  if (!given || given.dtype !== 'float32') return null;
  if (op === 'Transpose') return transposed(given, attributes['perm'] as readonly number[]);
  if (op !== 'Reshape' || !Object.hasOwn(tensors, inputs[1]!)) return null;
  const target = [...(tensors[inputs[1]!]!.data as readonly number[])];
  const known = target.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const shape = target.map((dim) => (dim === -1 ? given.data.length / known : dim));
  return { ...given, shape };
}

function transposed({ dtype, shape, data }: OnnxTensor, perm: readonly number[]): OnnxTensor {
  const strides: number[] = [];
  shape.reduceRight((stride, dim, axis) => {
    strides[axis] = stride;
    return stride * dim;
  }, 1);
  const to = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const out = new Float32Array(data.length);
  const at = to.map(() => 0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from]!;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++at[axis]! < to[axis]!) break;
      from -= steps[axis]! * to[axis]!;
      at[axis] = 0;
    }
  }
  return { dtype, shape: to, data: out };
}

/** A Transpose of what a Transpose gave: nothing where one undoes the other, else one for both. */
function withoutPairs(model: OnnxModel): OnnxModel {
  const makers = new Map<string, OnnxNode>();
  const same = new Map<string, string>();
  const results = new Set(model.outputs.map(({ name }) => name));
  const nodes = model.nodes.flatMap((given): OnnxNode[] => {
    const node = { ...given, inputs: given.inputs.map((name) => same.get(name) ?? name) };
    const [output] = node.outputs as [string];
    const before = node.op === 'Transpose' ? makers.get(node.inputs[0]!) : undefined;
    for (const name of node.outputs) makers.set(name, node);
    if (before?.op !== 'Transpose') return [node];
    const first = before.attributes['perm'] as readonly number[];
    const perm = (node.attributes['perm'] as readonly number[]).map((axis) => first[axis]!);
    const joined = { ...node, inputs: before.inputs, attributes: { perm } };
    makers.set(output, joined);
    if (perm.some((axis, i) => axis !== i)) return [joined];
    if (results.has(output)) return [{ ...joined, op: 'Identity', attributes: {} }];
    same.set(output, before.inputs[0]!);
    return [];
  });
  return { ...model, nodes };
}

/** Without nodes and initializers that lead to no output. */
function pruned(model: OnnxModel): OnnxModel {
  const needed = new Set(model.outputs.map(({ name }) => name));
  const nodes = model.nodes
    .toReversed()
    .filter((node) => {
      const used = node.outputs.some((name) => needed.has(name));
      if (used) for (const name of node.inputs) needed.add(name);
      return used;
    })
    .toReversed();
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  return {
    ...model,
    nodes,
    initializers: Object.fromEntries(
      Object.entries(model.initializers).filter(([name]) => needed.has(name)),
    ),
    values: model.values.filter(({ name }) => made.has(name)),
  };
}
