import { z } from 'zod';
import { toSnakeCase } from './names.ts';
import type { JsonObject } from './spec.ts';

/** Finds and configures a Keras object that is given as a name or as `{class_name, config}`. */
export function kerasObject<T>(
  kind: string,
  known: Readonly<Record<string, (config: unknown) => T>>,
  aliases: Readonly<Record<string, string>>,
  given: string | JsonObject,
): T {
  const className = typeof given === 'string' ? given : String(given['class_name']);
  const snake = toSnakeCase(className);
  const name = Object.hasOwn(aliases, snake) ? aliases[snake]! : snake;
  if (!Object.hasOwn(known, name))
    throw new RangeError(
      `unknown ${kind} ${className}; known are ${Object.keys(known).join(', ')}`,
    );
  try {
    return known[name]!(typeof given === 'string' ? {} : (given['config'] ?? {}));
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const issue = error.issues[0]!;
    throw new RangeError([`${kind} ${className}`, ...issue.path].join('.') + `: ${issue.message}`, {
      cause: error,
    });
  }
}
