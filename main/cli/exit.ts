import { InvalidArgumentError } from 'commander';
import { encodeError } from '../../shared/api/errors.ts';

/** Exit code of a wrong command line. */
export const USAGE = 2;
/** Exit code after Ctrl-C. */
export const INTERRUPTED = 130;

/** Ends the command with what went wrong in one line, on stderr; an error with the code `USAGE` is a wrong command line. */
export function fail(thrown: unknown): never {
  const { code, message, saved } = encodeError(thrown);
  process.stderr.write(`matryoshka: ${message}${saved ? ` (${saved})` : ''}\n`);
  process.exit(code === 'USAGE' ? USAGE : 1);
}

/** A parser of whole numbers from `least` up, for an option. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(
        most === Number.MAX_SAFE_INTEGER
          ? `Expected a whole number from ${least} up.`
          : `Expected a whole number from ${least} to ${most}.`,
      );
    return value;
  };
}
