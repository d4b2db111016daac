import type { TensorData } from '../../../shared/program/tensor.ts';
import type { Attributes, OnnxModel, OnnxNode, OnnxPort, OnnxTensor, OnnxValue } from './model.ts';

/** More numbers than this in a constant are not compared to find an equal one. */
const COMPARED_NUMBERS = 4096;

/** Fills a graph inside another; gives its result. */
type Body = (graph: OnnxGraph) => string;

/** Collects the nodes and initializers of an ONNX graph. Equal nodes and equal constants are made once. */
export class OnnxGraph {
  private readonly outer: OnnxGraph | null;
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers: Record<string, OnnxTensor> = {};
  private readonly inputs: OnnxPort[] = [];
  private readonly outputs: OnnxPort[] = [];
  private readonly values = new Map<string, OnnxValue>();
  private readonly known = new Map<string, readonly string[]>();
  private readonly renamed = new Map<string, string>();
  /** Results that no output of the graph has given its name to yet. */
  private readonly unnamed = new Set<string>();
  private count = 0;

  /** What the nodes made next belong to: it stands in their names, so that errors can name it. */
  scope = '';

  constructor(outer: OnnxGraph | null = null) {
    this.outer = outer;
    this.scope = outer?.scope ?? '';
  }

  /** Adds an operator with one output; gives the output's name. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.nodeWith(1, op, inputs, attributes, domain)[0]!;
  }

  /** Adds an operator with several outputs; gives their names. */
  nodeWith(
    outputs: number,
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    domain = '',
  ): readonly string[] {
    const key = `${domain} ${op} ${outputs} ${inputs.join(',')} ${attributeKey(attributes)}`;
    const known = this.find(key);
    if (known) return known;
    const id = this.nextId();
    const names = Array.from({ length: outputs }, (_, i) => (i ? `v${id}.${i}` : `v${id}`));
    this.append({ op, domain, inputs, outputs: names, attributes });
    this.known.set(key, names);
    for (const name of names) this.unnamed.add(name);
    return names;
  }

  /** A constant; gives its name. */
  constant(value: OnnxTensor | TensorData): string {
    if (this.outer) return this.outer.constant(value);
    const key = value.data.length > COMPARED_NUMBERS ? null : `constant ${tensorKey(value)}`;
    const known = key === null ? undefined : this.known.get(key);
    if (known) return known[0]!;
    const name = `c${this.nextId()}`;
    this.initializers[name] = value;
    if (key !== null) this.known.set(key, [name]);
    return name;
  }

  /** A vector of int64, as shapes, axes and pads are given. */
  ints(values: readonly number[]): string {
    return this.constant({ dtype: 'int64', shape: [values.length], data: values });
  }

  /** A float32 scalar. */
  float(value: number): string {
    return this.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) });
  }

  /**
   * The result of one of two graphs, of which the run computes only the one that the condition, a bool scalar, says.
   * They may use all values of this graph; both must give a float32 of this shape that they compute themselves.
   */
  choose(condition: string, shape: readonly number[], whenTrue: Body, otherwise: Body): string {
    const branch = (build: Body) => {
      const inner = new OnnxGraph(this);
      inner.output({ name: this.newName(), shape, dtype: 'float32' }, build(inner));
      return { graph: inner.model() };
    };
    return this.nest('If', [condition], {
      then_branch: branch(whenTrue),
      else_branch: branch(otherwise),
    });
  }

  /**
   * The result of a graph that runs once for each part of some values along their first axis: each time it gets its
   * part of each and what it gave the time before, a float32 of this shape, at first `initial`. The parts are looked at
   * where they lie. It may use all values of this graph.
   */
  scan(
    initial: string,
    shape: readonly number[],
    sequences: readonly { readonly name: string; readonly part: readonly number[] }[],
    body: (graph: OnnxGraph, parts: readonly string[], before: string) => string,
  ): string {
    const inner = new OnnxGraph(this);
    const port = (shape: readonly number[]) =>
      ({ name: this.newName(), shape, dtype: 'float32' }) as const;
    const before = inner.input(port(shape));
    const parts = sequences.map(({ part }) => inner.input(port(part)));
    inner.output(port(shape), body(inner, parts, before));
    return this.nest('Scan', [initial, ...sequences.map(({ name }) => name)], {
      num_scan_inputs: sequences.length,
      body: { graph: inner.model() },
    });
  }

  input(port: OnnxPort): string {
    this.inputs.push(port);
    return port.name;
  }

  /** Makes a value an output of the graph, under the port's name. */
  output(port: OnnxPort, value: string): void {
    this.outputs.push(port);
    if (this.unnamed.delete(value)) this.renamed.set(value, port.name);
    else
      this.append({
        op: 'Identity',
        domain: '',
        inputs: [value],
        outputs: [port.name],
        attributes: {},
      });
  }

  /** Says of a value what ONNX Runtime would not find out by itself. */
  describe(value: OnnxValue): void {
    this.values.set(value.name, value);
  }

  /** The finished graph. */
  model(): OnnxModel {
    const { initializers, inputs, outputs } = this;
    const made = new Set(this.nodes.flatMap((node) => node.outputs));
    const values = [...this.values.values()].filter(
      ({ name }) => made.has(name) && !this.renamed.has(name),
    );
    return { nodes: rename(this.nodes, this.renamed), initializers, inputs, outputs, values };
  }

  /** Adds an operator that holds graphs; these are never the same. */
  private nest(op: string, inputs: readonly string[], attributes: Attributes): string {
    const result = this.newName();
    this.append({ op, domain: '', inputs, outputs: [result], attributes });
    this.unnamed.add(result);
    return result;
  }

  private newName(): string {
    return `v${this.nextId()}`;
  }

  private append(node: Omit<OnnxNode, 'name'>): void {
    this.nodes.push({ ...node, name: `${this.scope}/${node.op}${this.nextId()}` });
  }

  private find(key: string): readonly string[] | undefined {
    return this.known.get(key) ?? this.outer?.find(key);
  }

  private nextId(): number {
    return this.outer ? this.outer.nextId() : ++this.count;
  }
}

/** The nodes, and those of graphs inside them, with other names for some values. */
function rename(nodes: readonly OnnxNode[], names: ReadonlyMap<string, string>): OnnxNode[] {
  const name = (value: string) => names.get(value) ?? value;
  return nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(name),
    outputs: node.outputs.map(name),
    attributes: Object.fromEntries(
      Object.entries(node.attributes).map(([key, value]) => {
        const graph = typeof value === 'object' && 'graph' in value ? value.graph : null;
        return [key, graph ? { graph: { ...graph, nodes: rename(graph.nodes, names) } } : value];
      }),
    ),
  }));
}

function attributeKey(attributes: Attributes): string {
  return JSON.stringify(attributes, (_, value: unknown) =>
    ArrayBuffer.isView(value) ? [...(value as Float32Array)].map(numberKey) : value,
  );
}

function tensorKey({ dtype, shape, data }: OnnxTensor | TensorData): string {
  return `${dtype} [${shape}] ${Array.from(data, numberKey)}`;
}

const numberKey = (x: number) => (Object.is(x, -0) ? '-0' : String(x));
