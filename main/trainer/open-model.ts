import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { OpenedModel } from '../../shared/api/models.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { readModelFile, readWeightsFile } from '../formats/read.ts';
import { encodeSafetensors } from '../formats/safetensors.ts';
import type { OpenJob } from './contract.ts';

/** What may hold weights and no model, by its name. */
const PERHAPS_WEIGHTS = /\.(safetensors|npz|h5|hdf5)$/i;

/**
 * Reads a model's file, or weights for a model, and keeps the weights as a safetensors file that is named after what it
 * holds. Throws an Error that names the file and says what is wrong with it.
 */
export async function openModel({ file, onto, store }: OpenJob): Promise<OpenedModel> {
  const name = basename(file);
  try {
    const { spec, model, values, training, notes } = await readModelFile(file);
    const weights = await keep(store, { ...training?.optimizer, ...values });
    const settings = training?.settings ?? null;
    return { name, model: { spec, main: model }, settings, weights, report: null, notes };
  } catch (error) {
    if (!PERHAPS_WEIGHTS.test(name)) throw error;
    const found = await readWeightsFile(file, onto.spec, onto.main).catch(() => null);
    if (!found) throw error;
    const { values, report } = found;
    if (Object.keys(values).length === 0)
      throw new Error(
        `${name}: none of its weights fits the model; it holds ${some([...report.mismatched, ...report.unused])}`,
        { cause: error },
      );
    const weights = await keep(store, values);
    return { name, model: null, settings: null, weights, report, notes: [] };
  }
}

/** Writes tensors into a folder under a name that says what they are; gives the name. */
async function keep(store: string, tensors: NamedTensors): Promise<string> {
  const bytes = encodeSafetensors({ tensors, metadata: {} });
  const name = `${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.safetensors`;
  await writeFileAtomic(join(store, name), bytes);
  return name;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
