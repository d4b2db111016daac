import type { CallArgument, Json, TensorRef } from './spec.ts';

/** Where a tensor comes from, by the names and numbers of the file. */
type History = readonly [layer: string, node: number, tensor: number];

/** One entry of `inbound_nodes`, in Keras 3's form or in the lists of Keras 2 and tfjs. */
export interface SavedCall {
  /** Each argument is a nest of tensors and plain values. */
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** Reads `inbound_nodes`. Throws an Error that says what is wrong with an entry. */
export function readInboundNodes(nodes: unknown): { calls: SavedCall[]; legacy: boolean } {
  if (!Array.isArray(nodes)) throw new Error('inbound_nodes must be a list');
  const legacy = nodes.some(Array.isArray);
  return {
    legacy,
    calls: nodes.map((node) => (Array.isArray(node) ? legacyCall(node) : call(node))),
  };
}

function call(node: unknown): SavedCall {
  const { args, kwargs = {} } = isObject(node) ? node : {};
  if (!Array.isArray(args) || !isObject(kwargs))
    throw new Error('an entry of inbound_nodes must be {args, kwargs} or a list of tensors');
  return { args, kwargs };
}

/** `[[layer, node, tensor, kwargs?], …]`: one tensor stands alone, several are a list. */
function legacyCall(node: readonly unknown[]): SavedCall {
  const tensors = node.map((entry) => {
    const history = Array.isArray(entry) ? entry.slice(0, 3) : entry;
    if (!isHistory(history))
      throw new Error(
        `expected [layer, node, tensor] in inbound_nodes; got ${JSON.stringify(entry)}`,
      );
    return history;
  });
  const last = (node.at(-1) as unknown[] | undefined)?.[3];
  return {
    args: tensors.length === 0 ? [] : [tensors.length === 1 ? tensors[0] : tensors],
    kwargs: isObject(last) ? last : {},
  };
}

/** The tensors in a nest, in Keras's order: lists as they stand, dictionaries by key. */
export function historiesIn(nest: unknown): History[] {
  if (isHistory(nest)) return [nest];
  if (Array.isArray(nest)) return nest.flatMap(historiesIn);
  if (!isObject(nest)) return [];
  if (nest['class_name'] === '__keras_tensor__') {
    const history = isObject(nest['config']) ? nest['config']['keras_history'] : undefined;
    if (!isHistory(history)) throw new Error('a tensor has no keras_history');
    return [history];
  }
  if (nest['class_name'] === '__tuple__') return historiesIn(nest['items']);
  return Object.keys(nest)
    .sort()
    .flatMap((key) => historiesIn(nest[key]));
}

/**
 * A nest as the argument of a call: a tensor, a list of tensors (with null where one is left out, as in a list of
 * masks), or (without tensors) plain data.
 */
export function toArgument(
  nest: unknown,
  refer: (history: History) => TensorRef,
): { tensors: CallArgument } | { plain: Json } {
  const histories = historiesIn(nest);
  if (histories.length === 0) return { plain: nest as Json };
  if (Array.isArray(nest) && !isHistory(nest) && nest.includes(null))
    return { plain: nest.map((item) => (item === null ? null : refer(historiesIn(item)[0]!))) };
  const single = isHistory(nest) || (isObject(nest) && nest['class_name'] === '__keras_tensor__');
  return { tensors: single ? refer(histories[0]!) : histories.map(refer) };
}

/** What Keras's JSON says of the tensors in a nest: where each comes from, its shape and type. */
export function tensorsIn(nest: unknown): { history: History; shape: unknown; dtype: unknown }[] {
  if (Array.isArray(nest)) return nest.flatMap(tensorsIn);
  if (!isObject(nest)) return [];
  if (nest['class_name'] !== '__keras_tensor__') return Object.values(nest).flatMap(tensorsIn);
  const { keras_history: history, shape, dtype } = isObject(nest['config']) ? nest['config'] : {};
  return isHistory(history) ? [{ history, shape, dtype }] : [];
}

/** Whether data is `[layer, node, tensor]`. */
function isHistory(data: unknown): data is History {
  return (
    Array.isArray(data) &&
    data.length === 3 &&
    typeof data[0] === 'string' &&
    data.slice(1).every((index) => Number.isInteger(index) && index >= 0)
  );
}

/** Whether data is a JSON object. */
export function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
