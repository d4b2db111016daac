import { createBirpc } from 'birpc';
import type { z } from 'zod';
import type { Channel } from './channel.ts';
import { requests, type StudioListener, type StudioService } from './contract.ts';
import { decodeError, encodeError, StudioError } from './errors.ts';

/** One side of a contract: methods by name. */
type Methods<T> = { readonly [M in keyof T]: (...args: never[]) => unknown };

/** How the other side's methods look from here: every call is answered, `void` ones too, so that one can wait for them. */
export type Remote<T> = {
  readonly [M in keyof T]: T[M] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** Checks of the arguments, by method. */
export type ArgumentSchemas<T> = { readonly [M in keyof T]: z.ZodType };

/**
 * Joins the two sides of a contract over a channel: offers `local` to the other side and gives what the other side
 * offers. Only own methods of `local` can be called; where `schemas` are given, with arguments that fit. Errors arrive
 * as StudioError with their code. Calls wait as long as it takes and reject with code `CLOSED` when the channel closes.
 */
export function link<Other extends Methods<Other>, Own extends Methods<Own>>(
  channel: Channel,
  local: Own,
  schemas?: ArgumentSchemas<Own>,
): Remote<Other> {
  let closed = false;
  const post = (message: Message): void => {
    if (closed) return;
    try {
      channel.post(message);
    } catch (error) {
      if (message.t !== 's') throw error;
      channel.post({ t: 's', i: message.i, e: encodeError(error) });
    }
  };
  const rpc = createBirpc<Record<string, (...args: unknown[]) => unknown>, object>(local, {
    post,
    on: (listener) => channel.onMessage((message) => isMessage(message) && listener(message)),
    resolver:
      (name) =>
      (...args) =>
        answer(local, schemas, name, args),
    timeout: -1,
    // Only for failures to answer, which happen when the channel breaks at that moment; a call's own error is thrown.
    onGeneralError: (_error, method) => method !== undefined,
  });
  channel.onClose(() => {
    closed = true;
    rpc.$close(closedError());
  });
  const call = async (method: string, args: unknown[]): Promise<unknown> => {
    if (closed) throw closedError();
    try {
      return await rpc.$call(method, ...args);
    } catch (error) {
      throw decodeError(error);
    }
  };
  return new Proxy({} as Remote<Other>, {
    get(_, method) {
      // A proxy with a `then` would be taken for a promise.
      if (typeof method !== 'string' || method === 'then') return undefined;
      return (...args: unknown[]) => {
        const answered = call(method, args);
        // Who only tells, and does not wait, must not fall over a channel that closes at that moment.
        answered.catch(() => {});
        return answered;
      };
    },
  });
}

/** The service as a window has it; `listener` is told what happens. */
export function createStudioClient(channel: Channel, listener: StudioListener): StudioService {
  return link<StudioService, StudioListener>(channel, listener);
}

/** Offers the service to a window, with its arguments checked, and gives what the window listens with. */
export function serveStudio(channel: Channel, service: StudioService): Remote<StudioListener> {
  return link<StudioListener, StudioService>(channel, service, requests);
}

/** Runs a method for the other side; what it throws is an ErrorInfo. */
async function answer(
  local: object,
  schemas: Record<string, z.ZodType> | undefined,
  name: string,
  args: unknown[],
): Promise<unknown> {
  try {
    const method: unknown = Object.hasOwn(local, name)
      ? (local as Record<string, unknown>)[name]
      : undefined;
    if (typeof method !== 'function')
      throw new StudioError('NO_SUCH_METHOD', `there is no method ${JSON.stringify(name)}`);
    return await method.apply(local, schemas ? checked(schemas, name, args) : args);
  } catch (error) {
    throw encodeError(error);
  }
}

function checked(schemas: Record<string, z.ZodType>, name: string, args: unknown[]): unknown[] {
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  if (!schema) throw new StudioError('NO_SUCH_METHOD', `${name} can't be called from outside`);
  const result = schema.safeParse(args);
  if (result.success) return result.data as unknown[];
  const { path, message } = result.error.issues[0]!;
  throw new StudioError('BAD_REQUEST', `${[name, ...path.slice(1)].join('.')}: ${message}`);
}

/** birpc's messages: a request `q` with method and arguments, or a response `s` to the request with the same id. */
type Message =
  { t: 'q'; i?: string; m: string; a: unknown[] } | { t: 's'; i: string; r?: unknown; e?: unknown };

/** What is not a message is dropped, so that nothing from outside reaches birpc unseen. */
function isMessage(data: unknown): data is Message {
  if (typeof data !== 'object' || data === null) return false;
  const { t, i, m, a } = data as Record<string, unknown>;
  if (t === 's') return typeof i === 'string';
  return t === 'q' && typeof m === 'string' && Array.isArray(a);
}

function closedError(): StudioError {
  return new StudioError('CLOSED', 'the connection to the service is closed');
}
