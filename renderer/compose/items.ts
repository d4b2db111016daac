import { layerOf, tensorsOf } from '../../shared/keras/spec.ts';
import type { GraphSpec, LayerId, ModelSpec, SpecError } from '../../shared/keras/spec.ts';
import type { TensorType } from '../../shared/program/tensor.ts';
import { layerDetail } from './detail.ts';
import type { Flow } from './frame.ts';
import { layoutGraph, type Panel } from './panel.ts';
import { sizes, type Box, type PictureOptions } from './picture.ts';
import { callIndex, type GraphTypes } from './shapes.ts';

export interface Context {
  readonly spec: ModelSpec;
  readonly options: PictureOptions;
}

/** One call of a model, to be drawn. */
export interface Subject {
  readonly model: LayerId;
  /** Unique in the picture: the path with the number of the call at each step. */
  readonly key: string;
  readonly path: string;
  readonly depth: number;
  readonly call: number;
  /** What goes in; absent for a model that stands by itself. */
  readonly inputs?: readonly (TensorType | null)[];
  readonly outputs?: readonly TensorType[] | null;
  readonly error?: SpecError | null;
  /** How the model above flows; absent for a model that stands by itself. */
  readonly flow?: Flow;
}

/** Something that has a place in a model's picture: a call, the bend of a long link, or where an output leaves. */
export interface Item {
  width: number;
  readonly height: number;
  readonly box: Box | null;
  readonly panel: Panel | null;
}

export const nothing: Item = { width: 0, height: 0, box: null, panel: null };

/** A tensor from one item to another. */
export interface Wire {
  readonly from: number;
  readonly output: number;
  readonly to: number;
  /** Which input of the receiver it is, of how many. */
  readonly arg: number;
  readonly args: number;
}

/** The calls of a model as items, in the order of `graph.calls`; open models are laid out inside. */
export function callItems(
  context: Context,
  subject: Subject,
  graph: GraphSpec,
  types: GraphTypes,
  flow: Flow,
): Item[] {
  const where = callIndex(graph);
  const seen = new Map<LayerId, number>();
  const items = graph.calls.map((call, at): Item => {
    const { name } = layerOf(context.spec, call.layer).config;
    const number = seen.get(call.layer) ?? 0;
    seen.set(call.layer, number + 1);
    const inputs = tensorsOf(call).map((ref) => types.outputs[where(ref)]?.[ref[2]] ?? null);
    return callItem(context, {
      model: call.layer,
      key: `${subject.key}/${name}#${number}`,
      path: `${subject.path}/${name}`,
      depth: subject.depth + 1,
      call: number,
      inputs,
      outputs: types.outputs[at] ?? null,
      error: types.errors.get(at) ?? null,
      flow,
    });
  });
  const nodes = items.filter(({ panel }) => !panel);
  if (flow === 'down') {
    const widest = Math.max(0, ...nodes.map(({ width }) => width));
    for (const node of nodes) node.width = widest;
  }
  return items.map((item) => ({ ...item, box: item.box && { ...item.box, width: item.width } }));
}

/** What is drawn of a call: an open model with all inside, or a box. */
export function callItem(context: Context, subject: Subject): Item {
  const { spec, options } = context;
  const layer = layerOf(spec, subject.model);
  if (layer.graph && options.isOpen(subject.path)) {
    const panel = layoutGraph(context, subject);
    return { width: panel.width, height: panel.height, box: null, panel };
  }
  const kind = layer.graph ? 'chip' : 'layer';
  const width = layer.graph
    ? headerWidth(subject, options)
    : nodeWidth(layer.config.name, layerDetail(layer), options) +
      options.markWidth(subject.path, subject.model);
  const height = layer.graph ? sizes.chip : sizes.node;
  return { width, height, box: { ...boxOf(subject, kind), width, height }, panel: null };
}

/** What the header of a model needs, with the mark of an error. */
export function headerWidth({ path, model, error }: Subject, options: PictureOptions): number {
  return options.headerWidth(path, model) + (error ? 24 : 0);
}

function nodeWidth(name: string, detail: string, options: PictureOptions): number {
  const text = Math.max(options.measure(name, 'name'), options.measure(detail, 'detail'));
  return Math.min(sizes.widest, Math.max(sizes.narrowest, Math.ceil(text) + 50));
}

/** The box of a call, without a place and a size yet. */
export function boxOf(subject: Subject, kind: Box['kind']): Box {
  const { key, model, path, call, depth, inputs = [], outputs = null, error = null } = subject;
  return {
    key,
    kind,
    path,
    layer: model,
    call,
    depth,
    x: 0,
    y: 0,
    width: 0,
    height: 0,
    inputs,
    outputs,
    error,
  };
}

/** The tensors between the calls of a model. Inputs of a model take theirs from outside. */
export function callWires(graph: GraphSpec): Wire[] {
  const where = callIndex(graph);
  const declared = new Set(graph.inputs.map(where));
  return graph.calls.flatMap((call, to) => {
    const refs = declared.has(to) ? [] : tensorsOf(call);
    return refs
      .map((ref, arg) => ({ from: where(ref), output: ref[2], to, arg, args: refs.length }))
      .filter(({ from }) => from >= 0);
  });
}
