import { fromCompileConfig } from '../../../shared/keras/compile-config.ts';
import { placesOf } from '../../../shared/keras/graph.ts';
import { fromKerasConfig } from '../../../shared/keras/keras-json.ts';
import { SpecError, type ModelSpec } from '../../../shared/keras/spec.ts';
import { groupAt, type H5Group } from '../h5/tree.ts';
import { readH5 } from '../h5/h5.ts';
import type { ReadModel } from '../model-file.ts';
import { parseJson } from './json.ts';
import { readTraining } from './optimizer-state.ts';
import { readKerasWeights, withForeignVariables, type ReadWeights } from './weights.ts';

const CONFIG = 'config.json';

/** The weights in the archive. */
export const WEIGHTS = 'model.weights.h5';

/** Whether this is read of a `.keras` file. */
export const isKerasMember = (name: string) => name === CONFIG || name === WEIGHTS;

/**
 * Reads the files of a `.keras` archive: the model, its weights and its training. Layers that are not known here become
 * placeholders. Throws an Error that begins with `name` for files that are damaged, or weights that don't fit.
 */
export async function readKeras(
  members: ReadonlyMap<string, Buffer>,
  name: string,
): Promise<ReadModel> {
  const saved = members.get(CONFIG);
  const weights = members.get(WEIGHTS);
  if (!saved || !weights)
    throw new Error(`${name}: a .keras file holds ${CONFIG} and ${WEIGHTS}; one is missing`);
  const json = parseJson(saved, `${name}: ${CONFIG}`);
  const plain = modelFrom(json, name);
  const model = plain.models[0]!;
  const file = await readH5(weights, `${name}: ${WEIGHTS}`);
  const spec = withForeignVariables(plain, model, file);
  const notes = placeholderNotes(spec);
  const values = checked(spec, readKerasWeights(spec, model, file), name, notes);
  const settings = fromCompileConfig((json as { compile_config?: unknown }).compile_config, notes);
  const training = readTraining(spec, model, { settings, optimizer: optimizerOf(file) }, notes);
  return { spec, model, values, ...(training && { training }), notes };
}

/** The model in Keras's JSON. Throws an Error that begins with `name` for what is none. */
export function modelFrom(json: unknown, name: string): ModelSpec {
  const { class_name, config } = (json ?? {}) as { class_name?: unknown; config?: unknown };
  const layers = typeof config === 'object' && config !== null && 'layers' in config;
  if (typeof class_name === 'string' && !layers)
    throw new Error(
      `${name}: ${class_name} is a class of its own, and the file does not hold the layers it is made of; expected a Functional or Sequential model`,
    );
  try {
    const spec = fromKerasConfig(json);
    // Goes through every graph, which throws where one has no order.
    placesOf(spec);
    return spec;
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
}

/** What stands as a placeholder, by path. */
export function placeholderNotes(spec: ModelSpec): string[] {
  return Object.entries(spec.layers).flatMap(([id, { class_name, foreign }]) =>
    foreign
      ? [
          `${id} is a ${class_name}, which is not known here as the file has it: it is kept as it is, and can't be run`,
        ]
      : [],
  );
}

/**
 * The values. Throws an Error where one does not fit, unless a placeholder leaves open what it gives: then what fits to
 * it is not known. What is left out or missing is said in `notes`.
 */
export function checked(
  spec: ModelSpec,
  { values, report }: ReadWeights,
  name: string,
  notes: string[],
) {
  const [problem] = report.mismatched;
  const open = Object.values(spec.layers).some(({ foreign }) => foreign && !foreign.outputs);
  if (problem && !open) throw new Error(`${name}: ${problem}`);
  notes.push(...report.mismatched);
  for (const key of report.missing) notes.push(`the file has no weights for ${key}`);
  for (const path of report.unused) notes.push(`${path} belongs to no layer and is left out`);
  return values;
}

function optimizerOf(file: H5Group) {
  const tensors = groupAt(file, 'optimizer/vars')?.tensors;
  if (!tensors) return null;
  return Array.from({ length: Object.keys(tensors).length }, (_, i) => tensors[i]!).filter(Boolean);
}
