/** A model's JSON may be so long: far more than the largest that people make. */
const MOST_BYTES = 128 * 2 ** 20;

/** JSON from a file. Throws an Error that begins with `name` for what is none or too long. */
export function parseJson(text: Uint8Array | string, name: string): unknown {
  if (text.length > MOST_BYTES) throw new Error(`${name}: ${text.length} bytes are too many`);
  try {
    return JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString('utf8'));
  } catch (error) {
    throw new Error(`${name} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}
