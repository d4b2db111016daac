import { callPositions, layersInside, layersIn, orderGraph } from './graph.ts';
import { inferGraph } from './infer.ts';
import { isObject } from './keras-json-calls.ts';
import { toSnakeCase } from './names.ts';
import { catalogue } from './layers/catalogue.ts';
import {
  pythonKey,
  pythonLiteral,
  pythonNames,
  pythonOperation,
  pythonSetting,
} from './python-literal.ts';
import { isTensorRef, isTrainable, layerOf, SpecError, tensorsOf } from './spec.ts';
import type {
  CallSpec,
  Json,
  JsonObject,
  LayerId,
  LayerSpec,
  ModelSpec,
  TensorRef,
} from './spec.ts';

/**
 * A Python program for Keras 3 that builds a model: a function for each model, which layers that several models share go
 * into. Settings that are at Keras's defaults are left out. Throws a SpecError that names the path where the model is
 * not valid.
 */
export function pythonSource(spec: ModelSpec, model: LayerId): string {
  const writer = new PythonWriter(spec, model);
  return writer.program();
}

class PythonWriter {
  private readonly spec: ModelSpec;
  private readonly model: LayerId;
  /** Layers that several models hold; they are made in the function of the main model. */
  private readonly shared: ReadonlySet<LayerId>;
  private readonly functionName = pythonNames();
  /** The functions so far, by model. */
  private readonly functions = new Map<LayerId, { name: string; takes: readonly LayerId[] }>();
  private readonly texts: string[] = [];

  constructor(spec: ModelSpec, model: LayerId) {
    this.spec = spec;
    this.model = model;
    if (!layerOf(spec, model).graph)
      throw new SpecError(layerOf(spec, model).config.name, 'expected a model; this is a layer');
    this.shared = sharedInside(spec, model);
  }

  program(): string {
    const { name } = this.functionOf(this.model);
    const inside = layersInside(this.spec, this.model).map((id) => layerOf(this.spec, id));
    const custom = [...new Set(inside.filter((one) => one.foreign).map((one) => one.class_name))];
    const lines = [
      `"""Builds ${layerOf(this.spec, this.model).config.name.replace(/["\\\\\p{Cc}]/gu, ' ')} with Keras 3."""`,
      '',
      'import keras',
      'from keras import layers',
      ...(custom.length > 0
        ? [
            '',
            '# Put the classes here by their names: ' + custom.map(printable).join(', '),
            'CUSTOM_OBJECTS = {}',
          ]
        : []),
      '',
      '',
      this.texts.join('\n\n\n'),
      '',
      '',
      'if __name__ == "__main__":',
      `    ${name}().summary()`,
      '',
    ];
    return lines.join('\n');
  }

  /** The function that builds a model, and what is passed to it. */
  private functionOf(model: LayerId): { name: string; takes: readonly LayerId[] } {
    const known = this.functions.get(model);
    if (known) return known;
    const top = model === this.model;
    const inside = layersInside(this.spec, model).filter((id) => id !== model);
    const takes = top ? [] : inside.filter((id) => this.shared.has(id));
    const name = this.functionName(`build_${layerOf(this.spec, model).config.name}`);
    const made = { name, takes };
    this.functions.set(model, made);
    this.texts.push(this.functionText(model, made, top));
    return made;
  }

  private functionText(
    model: LayerId,
    { name, takes }: { name: string; takes: readonly LayerId[] },
    top: boolean,
  ): string {
    const scope = new Scope();
    for (const id of takes) scope.objects.set(id, scope.nameOf(this.configName(id)));
    const parameters = takes.map((id) => scope.objects.get(id)!);
    const lines: string[] = [];
    if (top) for (const id of this.sharedInOrder()) this.make(id, scope, lines);
    const { class_name, config, graph } = layerOf(this.spec, model);
    if (class_name === 'Sequential') this.chain(model, scope, lines);
    else this.graph(model, scope, lines);
    const result = scope.nameOf('model');
    const last = lines.length - 1;
    lines[last] = `${result} = ${lines[last]!}`;
    if (!isTrainable({ class_name, config, graph: graph! }))
      lines.push(`${result}.trainable = False`);
    lines.push(`return ${result}`);
    return [`def ${name}(${parameters.join(', ')}):`, ...lines.map((line) => `    ${line}`)].join(
      '\n',
    );
  }

  /** What several models hold, what stands inside before what holds it. */
  private sharedInOrder(): LayerId[] {
    const ordered = new Set<LayerId>();
    const visit = (id: LayerId) => {
      for (const child of layersIn(this.spec, id, id)) visit(child);
      if (this.shared.has(id)) ordered.add(id);
    };
    visit(this.model);
    return [...ordered];
  }

  /** A line that makes a layer or model and keeps it under a name. */
  private make(id: LayerId, scope: Scope, lines: string[]): string {
    const known = scope.objects.get(id);
    if (known !== undefined) return known;
    const layer = layerOf(this.spec, id);
    const expression = this.expression(id, scope);
    const name = scope.nameOf(layer.graph ? layer.config.name : `${layer.config.name}_layer`);
    scope.objects.set(id, name);
    lines.push(`${name} = ${expression}`);
    return name;
  }

  /** What makes a layer, or a model by its function. */
  private expression(id: LayerId, scope: Scope): string {
    const known = scope.objects.get(id);
    if (known !== undefined) return known;
    const layer = layerOf(this.spec, id);
    if (!layer.graph) return this.layer(layer, scope);
    const { name, takes } = this.functionOf(id);
    return `${name}(${takes.map((one) => scope.objects.get(one)!).join(', ')})`;
  }

  private layer(layer: LayerSpec, scope: Scope): string {
    const { class_name, config, foreign, wraps = {} } = layer;
    if (foreign) {
      const object = { ...foreign.object, class_name, config } as JsonObject;
      return `keras.saving.deserialize_keras_object(${pythonLiteral(object)}, custom_objects=CUSTOM_OBJECTS)`;
    }
    if (class_name === 'InputLayer') return inputText(config);
    const inner = Object.entries(wraps).map(
      ([role, id]) => `${role}=${this.expression(id, scope)}`,
    );
    const settings = Object.entries(ownSettings(layer)).map(
      ([key, value]) => `${pythonKey(key)}=${pythonSetting(key, value)}`,
    );
    if (!catalogue.has(class_name))
      throw new SpecError(config.name, `unknown layer class ${class_name}`);
    return `layers.${class_name}(${[...inner, ...settings].join(', ')})`;
  }

  private chain(model: LayerId, scope: Scope, lines: string[]): void {
    const { graph, config } = layerOf(this.spec, model);
    const parts = graph!.calls.map(({ layer }) => layer);
    const repeated = parts.filter((id, i) => parts.indexOf(id) !== i);
    for (const id of repeated) this.make(id, scope, lines);
    const items = parts.map((id) => `    ${this.expression(id, scope)},`);
    const name = `name=${pythonLiteral(config.name)}`;
    lines.push(['keras.Sequential([', ...items, `], ${name})`].join('\n    '));
  }

  private graph(model: LayerId, scope: Scope, lines: string[]): void {
    const { graph, config } = layerOf(this.spec, model);
    const path = config.name;
    const positions = callPositions(graph!);
    const { outputs } = inferGraph(this.spec, graph!, path);
    const results = new Map<number, string>();
    const tensor = ([layer, call, output]: TensorRef): string => {
      const at = positions.get(layer)![call]!;
      const several = (outputs[at]?.length ?? 1) > 1;
      return several ? `${results.get(at)!}[${output}]` : results.get(at)!;
    };
    for (const at of callOrder(this.spec, model)) {
      const call = graph!.calls[at]!;
      const layer = layerOf(this.spec, call.layer);
      const result = scope.nameOf(layer.graph ? `${layer.config.name}_output` : layer.config.name);
      results.set(at, result);
      if (layer.class_name === 'InputLayer') {
        lines.push(`${result} = ${this.expression(call.layer, scope)}`);
        continue;
      }
      const often = positions.get(call.layer)!.length > 1 || layer.graph !== undefined;
      const operation = catalogue.get(layer.class_name)?.operation;
      if (often && !operation) this.make(call.layer, scope, lines);
      const called = operation
        ? pythonOperation(layer.class_name)
        : this.expression(call.layer, scope);
      const extra = operation
        ? ownSettings({ ...layer, config: { ...layer.config, name: '' } })
        : {};
      lines.push(`${result} = ${called}(${argumentsText(call, tensor, extra)})`);
    }
    const ends = (refs: readonly TensorRef[]) =>
      refs.length === 1 ? tensor(refs[0]!) : `[${refs.map(tensor).join(', ')}]`;
    lines.push(
      `keras.Model(${ends(graph!.inputs)}, ${ends(graph!.outputs)}, name=${pythonLiteral(config.name)})`,
    );
  }

  private configName(id: LayerId): string {
    return layerOf(this.spec, id).config.name;
  }
}

/** The names in one function, and the layers and models that are made there. */
class Scope {
  private readonly names = pythonNames();
  readonly objects = new Map<LayerId, string>();

  /** A free name, and none of a function. */
  nameOf(wanted: string): string {
    return this.names(wanted.replace(/^build_/, '_$&'));
  }
}

function sharedInside(spec: ModelSpec, model: LayerId): Set<LayerId> {
  const holders = new Map<LayerId, number>();
  for (const holder of layersInside(spec, model))
    for (const layer of layersIn(spec, holder, holder))
      holders.set(layer, (holders.get(layer) ?? 0) + 1);
  const several = [...holders].filter(([, count]) => count > 1).map(([layer]) => layer);
  return new Set(several);
}

/** The calls of a model, each after what it takes, else in the order in which they were made. */
function callOrder(spec: ModelSpec, model: LayerId): number[] {
  const { graph, config } = layerOf(spec, model);
  const needed = new Set(orderGraph(spec, graph!, config.name).calls);
  const positions = callPositions(graph!);
  for (const [layer, call] of graph!.inputs) needed.add(positions.get(layer)![call]!);
  const done = new Set<number>();
  const order: number[] = [];
  const visit = (at: number) => {
    const stack = [at];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const waiting = tensorsOf(graph!.calls[top]!)
        .map(([layer, call]) => positions.get(layer)![call]!)
        .find((from) => !done.has(from));
      if (waiting !== undefined) stack.push(waiting);
      else {
        stack.pop();
        if (!done.has(top)) order.push(top);
        done.add(top);
      }
    }
  };
  for (const at of [...needed].sort((a, b) => a - b)) if (!done.has(at)) visit(at);
  return order;
}

function argumentsText(
  { args, kwargs = {} }: CallSpec,
  tensor: (ref: TensorRef) => string,
  extra: JsonObject,
): string {
  const text = (value: unknown): string => {
    if (isTensorRef(value)) return tensor(value);
    return Array.isArray(value) && value.some(isTensorRef)
      ? `[${value.map(text).join(', ')}]`
      : pythonLiteral(value as Json);
  };
  const { x1, x2, ...named } = kwargs;
  return [
    ...(x1 === undefined ? [] : [text(x1)]),
    ...args.map(text),
    ...(x2 === undefined ? [] : [text(x2)]),
    ...Object.entries({ ...named, ...extra }).map(
      ([key, value]) => `${pythonKey(key)}=${text(value)}`,
    ),
  ].join(', ');
}

/** A layer's settings without those that are at Keras's defaults. */
function ownSettings(layer: LayerSpec): JsonObject {
  const { name, trainable, dtype, activity_regularizer, ...config } = layer.config;
  const schema = catalogue.get(layer.class_name)?.config;
  const text = (data: unknown) => JSON.stringify(data, (_, value: unknown) => plainly(value));
  const whole = text(schema?.safeParse(config).data);
  const needed = Object.entries(config).filter(([key]) => {
    const rest = Object.fromEntries(Object.entries(config).filter(([other]) => other !== key));
    const without = schema?.safeParse(rest);
    return !without?.success || text(without.data) !== whole;
  });
  return {
    ...(Object.fromEntries(needed) as JsonObject),
    ...(activity_regularizer != null && { activity_regularizer }),
    ...(trainable === false && { trainable }),
    ...(dtype !== undefined && dtype !== 'float32' && { dtype }),
    ...(name !== '' && { name }),
  };
}

/** A value without what says nothing: nulls, and the class and configuration of what its name alone means. */
function plainly(value: unknown): unknown {
  if (!isObject(value)) return value ?? undefined;
  const { class_name, config } = value;
  if (typeof class_name !== 'string' || !isObject(config)) return value;
  const bare = Object.values(config).every((one) => one === null);
  return bare ? toSnakeCase(class_name) : { class_name: toSnakeCase(class_name), config };
}

function inputText({ batch_shape, dtype, name }: JsonObject): string {
  const [batch, ...shape] = batch_shape as Json[];
  const settings = [
    `shape=${pythonLiteral(shape)}`,
    ...(batch === null ? [] : [`batch_size=${pythonLiteral(batch!)}`]),
    ...(dtype === undefined || dtype === 'float32' ? [] : [`dtype=${pythonLiteral(dtype)}`]),
    `name=${pythonLiteral(name!)}`,
  ];
  return `keras.Input(${settings.join(', ')})`;
}

/** A class's name for a comment. */
function printable(name: string): string {
  return name.replace(/\p{Cc}/gu, ' ');
}
