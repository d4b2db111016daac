import { toSnakeCase } from './names.ts';
import { isObject } from './keras-json-calls.ts';
import { SpecError, type Json, type JsonObject } from './spec.ts';

/** Keras's modules of the objects that a layer's settings hold, by what the setting's name ends with. */
const MODULES = [
  ['initializer', 'keras.initializers'],
  ['regularizer', 'keras.regularizers'],
  ['constraint', 'keras.constraints'],
] as const;

/** JSON as a Python expression. */
export function pythonLiteral(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => pythonLiteral(item));
    return items.length === 1 ? `(${items[0]!},)` : `(${items.join(', ')})`;
  }
  const entries = Object.entries(value).map(
    ([key, one]) => `${JSON.stringify(key)}: ${pythonLiteral(one)}`,
  );
  return `{${entries.join(', ')}}`;
}

/** A layer's setting as a Python expression: an initializer, regularizer or constraint is made by its class. */
export function pythonSetting(key: string, value: Json): string {
  if (!isObject(value) || typeof value['class_name'] !== 'string') return pythonLiteral(value);
  const module = MODULES.find(([end]) => key.endsWith(end))?.[1];
  const { class_name, config } = value as JsonObject;
  if (module === undefined)
    return `keras.saving.deserialize_keras_object(${pythonLiteral(value as Json)})`;
  const known = Object.entries((config ?? {}) as JsonObject).filter(([, one]) => one !== null);
  const settings = known.map(([name, one]) => `${pythonKey(name)}=${pythonLiteral(one)}`);
  return `${module}.${pythonKey(String(class_name))}(${settings.join(', ')})`;
}

/** A name that stands in the program as it is. Throws a SpecError for what is no plain name. */
export function pythonKey(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw new SpecError(name, 'is no name that can stand in a Python program');
}

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global ' +
    'if import in is lambda nonlocal not or pass raise return try while with match case ' +
    'keras layers print range list dict set str int float bool CUSTOM_OBJECTS'
  ).split(' '),
);

/** Gives each wanted name once, as a Python identifier. */
export function pythonNames(): (wanted: string) => string {
  const taken = new Set(KEYWORDS);
  return (wanted) => {
    const plain = wanted.replace(/\W+/g, '_').replace(/^(?=\d)|^$/, '_');
    let name = plain;
    for (let i = 2; taken.has(name); i++) name = `${plain}_${i}`;
    taken.add(name);
    return name;
  };
}

/** Keras's function for an operation between layers: `NotEqual` is `keras.ops.not_equal`. */
export function pythonOperation(className: string): string {
  return `keras.ops.${toSnakeCase(className)}`;
}
