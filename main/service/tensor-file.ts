import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { StudioError } from '../../shared/api/errors.ts';
import { sizeOf, type TensorData } from '../../shared/program/tensor.ts';
import type { GivenTensor, Predicted } from '../trainer/contract.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { readNpz } from '../formats/npz.ts';
import { isZip, unzip } from '../formats/zip.ts';
import { fromJson, toJson } from './json.ts';
import { firstProblem } from './run-record.ts';

/** A JSON file larger than this is no longer one text in JavaScript. */
const MOST_JSON = 500_000_000;

const inputsFile = z.looseObject({
  inputs: z.array(
    z.looseObject({
      name: z.string().optional(),
      shape: z.array(z.int().nonnegative()),
      data: z.array(z.custom<number>((value) => typeof value === 'number', 'expected a number')),
    }),
  ),
});

/**
 * The tensors in a file: `{"inputs":[{"shape":[…],"data":[…]}]}` as JSON, each perhaps with a name, or the arrays of an
 * `.npz` archive. Throws a StudioError that names the file and the first place that is wrong.
 */
export async function readInputs(file: string): Promise<GivenTensor[]> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new StudioError('NO_SUCH_FILE', `${file} can't be read: ${error.message}`);
  });
  if (isZip(bytes)) {
    const members = await unzip(bytes, file, (member) => member.endsWith('.npy'));
    return Object.entries(readNpz(members, file)).map(([name, { shape, data }]) => ({
      name,
      shape,
      data,
    }));
  }
  if (bytes.length > MOST_JSON)
    throw new StudioError(
      'BAD_INPUT',
      `${file} holds ${bytes.length} bytes; JSON is read up to ${MOST_JSON}. Save the numbers as .npz`,
    );
  let inputs: GivenTensor[];
  try {
    inputs = inputsFile.parse(fromJson(bytes.toString('utf8'))).inputs as GivenTensor[];
  } catch (error) {
    throw new StudioError('BAD_INPUT', `${file}: ${firstProblem(error)}`);
  }
  for (const [i, { shape, data }] of inputs.entries())
    if (sizeOf(shape) !== data.length)
      throw new StudioError(
        'BAD_INPUT',
        `${file}: inputs.${i} has shape [${shape.join(', ')}], which is ${sizeOf(shape)} numbers; its data holds ${data.length}`,
      );
  return inputs;
}

/** Writes what a model gave as JSON, whole or not at all. */
export async function writeOutputs(file: string, predicted: Predicted): Promise<void> {
  const plain = ({ shape, dtype, data }: TensorData) => ({ shape, dtype, data: Array.from(data) });
  const outputs = predicted.outputs.map(({ name, ...value }) => ({ name, ...plain(value) }));
  const taps = predicted.taps.flatMap(({ path, call, outputs }) =>
    outputs.map((value, output) => ({ path, call, output, ...plain(value) })),
  );
  const json = { model: predicted.model, outputs, ...(taps.length > 0 && { taps }) };
  await writeFileAtomic(file, `${toJson(json)}\n`);
}
