import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseModelSpec, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import { isH5, readH5 } from './h5/h5.ts';
import type { H5Group } from './h5/tree.ts';
import { parseJson } from './keras/json.ts';
import { isLegacy, readLegacy, readLegacyWeights } from './keras/legacy-read.ts';
import { isKerasMember, modelFrom, placeholderNotes, readKeras, WEIGHTS } from './keras/read.ts';
import { readKerasWeights, type ReadWeights } from './keras/weights.ts';
import type { ReadModel } from './model-file.ts';
import { readNpz } from './npz.ts';
import { decodeSafetensors, type Safetensors } from './safetensors.ts';
import { isTfjs, readTfjs, readTfjsTensors } from './tfjs/read.ts';
import { tfjsWeights } from './tfjs/weights.ts';
import { ARCHITECTURE } from './weights-file.ts';
import { weightsByName } from './weights-onto.ts';
import { isZip, unzip } from './zip.ts';

/** The largest file that is read: what one buffer can hold. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Reads a model from a file, whatever it is called: what it holds tells. `.keras` of Keras 3 and 2, legacy H5 of whole
 * models, a LayersModel of TensorFlow.js (its model.json), Keras's JSON of a model without weights, and this project's
 * safetensors. Throws an Error that names the file and says what is wrong with it, or what it holds instead.
 */
export async function readModelFile(path: string): Promise<ReadModel> {
  const { name, content } = await open(path);
  if ('members' in content && content.members.has('config.json'))
    return readKeras(content.members, name);
  if ('h5' in content && 'model_config' in content.h5.attributes)
    return readLegacy(content.h5, name);
  if ('json' in content)
    return isTfjs(content.json)
      ? readTfjs(path, content.json)
      : readArchitecture(content.json, name);
  if ('safetensors' in content && ARCHITECTURE in content.safetensors.metadata)
    return readOwn(content.safetensors, name);
  throw new Error(`${name} holds weights and no model; open it onto a model`);
}

/**
 * The weights in a file for a model, with a report of what went where: of `.keras`, `.weights.h5` and legacy H5 files as
 * Keras puts them onto a model, of `.safetensors` and `.npz` files by path, of tfjs by the names of layers.
 * Throws an Error that names the file where it is broken, or holds no weights.
 */
export async function readWeightsFile(
  path: string,
  spec: ModelSpec,
  model: LayerId,
): Promise<ReadWeights> {
  const { name, content } = await open(path);
  if ('members' in content) {
    const weights = content.members.get(WEIGHTS);
    return weights
      ? readKerasWeights(spec, model, await readH5(weights, `${name}: ${WEIGHTS}`))
      : weightsByName(spec, model, readNpz(content.members, name));
  }
  if ('h5' in content)
    return isLegacy(content.h5)
      ? readLegacyWeights(spec, model, content.h5)
      : readKerasWeights(spec, model, content.h5);
  if ('safetensors' in content) return weightsByName(spec, model, content.safetensors.tensors);
  if (!isTfjs(content.json)) throw new Error(`${name} holds a model and no weights`);
  return tfjsWeights(spec, model, await readTfjsTensors(path, content.json));
}

/** What a file holds, by its first bytes. */
type Content =
  | { readonly members: ReadonlyMap<string, Buffer> }
  | { readonly h5: H5Group }
  | { readonly json: unknown }
  | { readonly safetensors: Safetensors };

async function open(path: string): Promise<{ name: string; content: Content }> {
  const name = basename(path);
  const bytes = await readBytes(path, name);
  return { name, content: await contentOf(bytes, name) };
}

async function contentOf(bytes: Uint8Array, name: string): Promise<Content> {
  const wanted = (member: string) => isKerasMember(member) || member.endsWith('.npy');
  if (isZip(bytes)) return { members: await unzip(bytes, name, wanted) };
  if (isH5(bytes)) return { h5: await readH5(bytes, name) };
  if (/^\s*[{[]/.test(Buffer.from(bytes.subarray(0, 100)).toString('latin1')))
    return { json: parseJson(bytes, name) };
  // Eight bytes of a header's length, then the header, which is JSON.
  if (bytes[8] === 0x7b) return { safetensors: decodeSafetensors(bytes, name) };
  throw new Error(
    `${name} begins like no file of a model; expected .keras, H5, safetensors, .npz or model.json`,
  );
}

function readArchitecture(json: unknown, name: string): ReadModel {
  const spec = modelFrom(json, name);
  const notes = [...placeholderNotes(spec), 'the file holds the architecture and no weights'];
  return { spec, model: spec.models[0]!, values: {}, notes };
}

/** A safetensors file of this project, which keeps the architecture beside the weights. */
function readOwn({ tensors, metadata }: Safetensors, name: string): ReadModel {
  const spec = parseModelSpec(parseJson(metadata[ARCHITECTURE]!, `${name}: ${ARCHITECTURE}`));
  const model = spec.models.at(-1)!;
  const { values, report } = weightsByName(spec, model, tensors);
  const [problem] = report.mismatched;
  if (problem) throw new Error(`${name}: ${problem}`);
  const notes = report.missing.map((key) => `the file has no weights for ${key}`);
  return { spec, model, values, notes: [...placeholderNotes(spec), ...notes] };
}

async function readBytes(path: string, name: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new Error(`${size} bytes are more than can be read`);
    return await readFile(path);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
