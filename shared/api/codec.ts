import { parse, stringify } from 'devalue';

/** A message as text. Keeps NaN, infinities, undefined, dates, maps and typed arrays. Throws for functions and class instances. */
export function encodeMessage(message: unknown): string {
  return stringify(message);
}

/** The message that `encodeMessage` wrote. Throws an Error for any other text. */
export function decodeMessage(text: string): unknown {
  return parse(text);
}
