import { historiesIn, isObject, readInboundNodes, toArgument } from './keras-json-calls.ts';
import type { SavedCall } from './keras-json-calls.ts';
import { SHARED } from './keras-json-write.ts';
import { plainConfig } from './keras-json-config.ts';
import { builtFor, foreignOutputs, knownOrForeign } from './keras-json-foreign.ts';
import { unwrap } from './wrapping.ts';
import { MOST_DEPTH, SpecError, withoutOverflow, type CallSpec, type GraphSpec } from './spec.ts';
import type {
  ForeignLayer,
  Json,
  LayerConfig,
  LayerId,
  LayerSpec,
  ModelSpec,
  TensorRef,
} from './spec.ts';

/**
 * Reads Keras's JSON of a Functional or Sequential model: `model.to_json()` or the `config.json` of a `.keras` file,
 * of Keras 3 or of Keras 2. A layer that Keras marks as seen before (`shared_object_id` on the layer itself) becomes
 * one layer with several paths. Throws a SpecError that names the path and what is wrong there.
 */
export function fromKerasConfig(json: unknown): ModelSpec {
  const spec = fromKerasLayer(json);
  const id = spec.models[0]!;
  if (!spec.layers[id]!.graph)
    throw new SpecError(id, `expected a model; got a ${spec.layers[id]!.class_name} layer`);
  return spec;
}

/** Reads Keras's JSON of one layer, or of a model: its id is the only one in `models`. Throws as `fromKerasConfig`. */
export function fromKerasLayer(json: unknown): ModelSpec {
  const reader = new Reader();
  const id = withoutOverflow(() => reader.layer(json, null, 0));
  return { version: 1, layers: reader.layers, models: [id] };
}

/** A layer of the file under its name there, with the calls that the file lists for it. */
interface Entry {
  readonly id: LayerId;
  readonly isFunctional: boolean;
  readonly calls: readonly SavedCall[];
  /** Calls are counted from 1 in the references to it. */
  fromOne: boolean;
  /** How many calls of other models are counted before. */
  before: number;
}

interface Seen {
  readonly id: LayerId;
  readonly parent: LayerId | null;
  readonly object: SavedObject;
}

type SavedJson = Record<string, unknown>;

interface SavedObject {
  readonly class_name: string;
  readonly config: Record<string, unknown>;
  readonly name: string;
  readonly inbound_nodes?: unknown;
  readonly shared_object_id?: unknown;
}

class Reader {
  readonly layers: Record<LayerId, LayerSpec> = {};
  /** Layers without a mark, by their letters; those not sorted yet stand apart. */
  private readonly firstSeen = new Map<string, Seen[]>();
  private readonly unsorted: Seen[] = [];
  /** How often an id was wanted that stands already. */
  private readonly taken = new Map<string, number>();
  private readonly shared = new Map<unknown, LayerId>();
  /** Of layers that several models hold in a file of this project: how often they have been called so far. */
  private readonly made = new Map<LayerId, number>();

  /** Reads a layer or model inside `parent` and gives its id. */
  layer(json: unknown, parent: LayerId | null, depth: number): LayerId {
    const path = parent ?? 'model';
    if (depth > MOST_DEPTH)
      throw new SpecError(path, `over ${MOST_DEPTH} models inside one another`);
    const object = savedObject(json, path);
    const known = this.sharedLayer(object, parent);
    if (known !== undefined) return known;
    const id = this.newId(parent === null ? object.name : `${parent}/${object.name}`);
    if (object.shared_object_id === undefined) this.unsorted.push({ id, parent, object });
    if (object.shared_object_id !== undefined) this.shared.set(object.shared_object_id, id);
    if (isOwnMark(object.shared_object_id) && object.class_name !== 'InputLayer')
      this.made.set(id, 0);
    const { class_name, config } = object;
    // The place is kept, so that a layer stands behind the model that holds it.
    this.layers[id] = { class_name, config: { name: object.name } };
    if (class_name === 'Sequential') this.layers[id] = this.sequential(object, id, depth);
    else if ('layers' in config && 'input_layers' in config)
      this.layers[id] = this.functional(object, id, depth);
    else this.layers[id] = knownOrForeign(this.plain(object, id, depth), json as SavedJson);
    return id;
  }

  /** A layer that is no model, with the layers that it wraps. */
  private plain({ class_name, name, config }: SavedObject, id: LayerId, depth: number): LayerSpec {
    const { own, inner } = unwrap(class_name, config, id);
    const spec = { class_name, config: plainConfig(class_name, name, own, id) };
    const wraps = Object.entries(inner).map(([role, json]) => [
      role,
      this.layer(json, id, depth + 1),
    ]);
    return wraps.length > 0 ? { ...spec, wraps: Object.fromEntries(wraps) } : spec;
  }

  /**
   * The layer that Keras has written before. Keras leaves the id out of a layer's first occurrence, so that one is
   * found by being the same to the letter. A Functional lists a layer once, a Sequential may repeat it.
   */
  private sharedLayer(object: SavedObject, parent: LayerId | null): LayerId | undefined {
    const chain = parent !== null && this.layers[parent]!.class_name === 'Sequential';
    const key = object.shared_object_id;
    if (key === undefined) return undefined;
    const known = this.shared.get(key);
    if (known !== undefined || isOwnMark(key)) return known;
    for (const seen of this.unsorted.splice(0)) {
      const same = this.firstSeen.get(letters(seen.object));
      if (same) same.push(seen);
      else this.firstSeen.set(letters(seen.object), [seen]);
    }
    const same = this.firstSeen.get(letters(object)) ?? [];
    const found = same.find((seen) => chain || seen.parent !== parent);
    if (found) this.shared.set(key, found.id);
    return found?.id;
  }

  private newId(wanted: string): LayerId {
    let id = wanted;
    let count = this.taken.get(wanted) ?? 1;
    while (Object.hasOwn(this.layers, id)) id = `${wanted}~${++count}`;
    this.taken.set(wanted, count);
    return id;
  }

  private functional({ name, config }: SavedObject, id: LayerId, depth: number): LayerSpec {
    const entries = this.entries(config['layers'], id, depth);
    this.tellOutputs(entries);
    const calls: CallSpec[] = [];
    for (const entry of entries.values()) {
      if (this.layers[entry.id]!.class_name === 'InputLayer')
        calls.push({ layer: entry.id, args: [] });
      for (const saved of entry.calls) calls.push(this.call(entry, saved, entries, id));
    }
    const ends = (key: string) =>
      problemsAt(id, () =>
        historiesIn(config[key]).map(([layer, node, tensor]): TensorRef => {
          const entry = entryOf(entries, layer, id);
          // Keras counts a model that stands in a Functional from 1 here, as if its making were a call.
          const first = entry.isFunctional || entry.fromOne ? 1 : 0;
          return this.reference(entry, Math.max(node - first - entry.before, 0), tensor, id);
        }),
      );
    const graph = { calls, inputs: ends('input_layers'), outputs: ends('output_layers') };
    for (const key of ['inputs', 'outputs'] as const)
      if (graph[key].length === 0) throw new SpecError(id, `the model has no ${key}`);
    return { class_name: 'Functional', config: modelConfig(name, config), graph };
  }

  /** Gives placeholders the outputs that the file tells of. */
  private tellOutputs(entries: ReadonlyMap<string, Entry>): void {
    if (!Object.values(this.layers).some(({ foreign }) => foreign && !foreign.outputs)) return;
    const types = foreignOutputs([...entries.values()].flatMap(({ calls }) => calls));
    for (const [name, { id }] of entries) this.tellOutput(id, types.get(name));
  }

  /** Gives a placeholder its outputs, or the placeholders that give a model's outputs theirs. */
  private tellOutput(id: LayerId, outputs: ForeignLayer['outputs'] | null): void {
    const layer = this.layers[id]!;
    if (!outputs) return;
    layer.graph?.outputs.forEach(([inner, , output], i) => {
      // One tensor alone tells all that a layer gives only where it is the only one.
      if (output === 0 && outputs[i]) this.tellOutput(inner, [outputs[i]]);
    });
    if (layer.foreign && !layer.foreign.outputs)
      this.layers[id] = { ...layer, foreign: { ...layer.foreign, outputs } };
  }

  private entries(layers: unknown, id: LayerId, depth: number): Map<string, Entry> {
    if (!Array.isArray(layers)) throw new SpecError(id, '"layers" must be a list');
    checkCount(layers, id);
    const entries = new Map<string, Entry>();
    let legacy = false;
    for (const json of layers) {
      const object = savedObject(json, id);
      const name = isObject(json) && typeof json['name'] === 'string' ? json['name'] : object.name;
      if (entries.has(name)) throw new SpecError(id, `two of its layers are named ${name}`);
      const nodes = problemsAt(`${id}/${name}`, () => readInboundNodes(object.inbound_nodes ?? []));
      legacy ||= nodes.legacy;
      const layer = this.layer(json, id, depth + 1);
      const isFunctional = this.layers[layer]!.class_name === 'Functional';
      entries.set(name, { id: layer, isFunctional, calls: nodes.calls, fromOne: false, before: 0 });
    }
    for (const entry of entries.values()) entry.before = this.count(entry.id, entry.calls.length);
    this.markCountedFromOne(entries, legacy, id);
    return entries;
  }

  /** Adds calls of a layer that several models hold, and gives how many there were before. */
  private count(layer: LayerId, calls: number): number {
    const before = this.made.get(layer);
    if (before !== undefined) this.made.set(layer, before + calls);
    return before ?? 0;
  }

  /** Keras 2 and tfjs count the calls of a nested model from 1, Keras 3 from 0; the references tell. */
  private markCountedFromOne(entries: Map<string, Entry>, legacy: boolean, id: LayerId) {
    const used = new Map<Entry, Set<number>>();
    for (const { calls } of entries.values())
      for (const { args, kwargs } of calls)
        for (const [layer, node] of problemsAt(id, () => historiesIn([args, kwargs]))) {
          const entry = entryOf(entries, layer, id);
          used.set(entry, (used.get(entry) ?? new Set()).add(node - entry.before));
        }
    for (const entry of entries.values()) {
      const nodes = used.get(entry) ?? new Set();
      const model = this.layers[entry.id]!.graph !== undefined;
      entry.fromOne = model && !nodes.has(0) && (legacy || nodes.has(entry.calls.length));
    }
  }

  private call(entry: Entry, saved: SavedCall, entries: Map<string, Entry>, id: LayerId): CallSpec {
    const path = `${id}/${this.layers[entry.id]!.config.name}`;
    const refer = ([layer, node, tensor]: readonly [string, number, number]): TensorRef => {
      const from = entryOf(entries, layer, id);
      return this.reference(from, node - (from.fromOne ? 1 : 0) - from.before, tensor, path);
    };
    return problemsAt(path, () => {
      const kwargs: Record<string, NonNullable<CallSpec['kwargs']>[string]> = {};
      const args = saved.args.flatMap((nest, position) => {
        const argument = toArgument(nest, refer);
        if ('tensors' in argument) return [argument.tensors];
        // An operation's operand by its Keras name, such as the 0 of `x != 0`.
        if (argument.plain !== null) kwargs[`x${position + 1}`] = argument.plain;
        return [];
      });
      for (const key of Object.keys(saved.kwargs).sort()) {
        const argument = toArgument(saved.kwargs[key], refer);
        if ('tensors' in argument) kwargs[key] = argument.tensors;
        else if (argument.plain !== null) kwargs[key] = argument.plain;
      }
      const named = Object.keys(kwargs).length > 0;
      return { layer: entry.id, args, ...(named && { kwargs }) };
    });
  }

  private reference(entry: Entry, call: number, tensor: number, path: string): TensorRef {
    const input = this.layers[entry.id]!.class_name === 'InputLayer';
    const calls = input ? 1 : entry.calls.length;
    if (call < 0 || call >= calls)
      throw new SpecError(
        path,
        `takes call ${call} of ${entry.id}, which is called ${calls} times`,
      );
    return [entry.id, call, tensor];
  }

  /** A chain. Without a known input shape it has no InputLayer, and its graph no inputs. */
  private sequential({ name, config }: SavedObject, id: LayerId, depth: number): LayerSpec {
    const saved = Array.isArray(config['layers']) ? config['layers'] : null;
    if (!saved || saved.length === 0)
      throw new SpecError(id, 'a Sequential needs a list of layers');
    checkCount(saved, id);
    const chain = saved.map((json) => this.layer(json, id, depth + 1));
    chain.forEach((layer, i) => this.tellOutput(layer, builtFor(saved[i + 1])));
    if (this.layers[chain[0]!]!.class_name !== 'InputLayer') {
      const input = this.impliedInput(config, saved[0], chain[0]!, id);
      if (input) chain.unshift(input);
    }
    const counts = new Map<LayerId, number>();
    const calls: CallSpec[] = [];
    let end: TensorRef | undefined;
    for (const layer of chain) {
      this.count(layer, 1);
      calls.push({ layer, args: end ? [end] : [] });
      const call = counts.get(layer) ?? 0;
      counts.set(layer, call + 1);
      end = [layer, call, 0];
    }
    const first = chain[0]!;
    const built = this.layers[first]!.class_name === 'InputLayer';
    const graph: GraphSpec = { calls, inputs: built ? [[first, 0, 0]] : [], outputs: [end!] };
    return { class_name: 'Sequential', config: modelConfig(name, config), graph };
  }

  /** The InputLayer that Keras makes up for a Sequential that begins with something else. */
  private impliedInput(
    config: Record<string, unknown>,
    first: unknown,
    firstId: LayerId,
    id: LayerId,
  ): LayerId | null {
    const firstConfig = isObject(first) && isObject(first['config']) ? first['config'] : {};
    const model = this.layers[firstId]!;
    const [start] = model.graph?.inputs ?? [];
    const shape =
      config['build_input_shape'] ??
      firstConfig['batch_input_shape'] ??
      (start && this.layers[start[0]]!.config['batch_shape']);
    if (!Array.isArray(shape)) return null;
    const input = this.newId(`${id}/input_layer`);
    const name = input.slice(id.length + 1);
    const batch_shape = shape as Json[];
    const dtype = start ? this.layers[start[0]]!.config['dtype']! : 'float32';
    this.layers[input] = { class_name: 'InputLayer', config: { batch_shape, dtype, name } };
    return input;
  }
}

/** More layers in one model than this are taken for a mistake. */
const MOST_LAYERS = 100_000;

function checkCount({ length }: readonly unknown[], path: string): void {
  if (length > MOST_LAYERS)
    throw new SpecError(path, `holds ${length} layers; a model has at most ${MOST_LAYERS}`);
}

function savedObject(json: unknown, path: string): SavedObject {
  if (!isObject(json) || typeof json['class_name'] !== 'string' || !isObject(json['config']))
    throw new SpecError(path, 'expected {"class_name", "config"} as Keras writes it');
  const { class_name, config, inbound_nodes, shared_object_id } = json;
  const name = config['name'] ?? json['name'];
  if (typeof name !== 'string' || name === '' || name.includes('/') || name === '__proto__')
    throw new SpecError(
      path,
      `a ${class_name} needs a name without "/"; got ${JSON.stringify(name)}`,
    );
  return { class_name, config, name, inbound_nodes, shared_object_id };
}

/** Whether a mark is on every place of a layer, as this project writes them (`toKerasConfig`). */
function isOwnMark(mark: unknown): boolean {
  return typeof mark === 'string' && mark.startsWith(SHARED);
}

function modelConfig(name: string, config: Record<string, unknown>): LayerConfig {
  return config['trainable'] === false ? { name, trainable: false } : { name };
}

function entryOf(entries: ReadonlyMap<string, Entry>, name: string, path: string): Entry {
  const entry = entries.get(name);
  if (!entry)
    throw new SpecError(path, `a tensor comes from ${name}, which is not among its layers`);
  return entry;
}

/** A layer's own data as text, without what differs between two places of one layer. */
function letters({ class_name, name, config }: SavedObject): string {
  return JSON.stringify([class_name, name, config], (key, value) =>
    key === 'shared_object_id' ? undefined : value,
  );
}

/** Gives errors of `read` the path where they happened. */
function problemsAt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SpecError) throw error;
    throw new SpecError(path, (error as Error).message);
  }
}
