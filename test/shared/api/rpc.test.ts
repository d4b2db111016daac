import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Channel } from '../../../shared/api/channel.ts';
import { decodeMessage, encodeMessage } from '../../../shared/api/codec.ts';
import { StudioError } from '../../../shared/api/errors.ts';
import { link } from '../../../shared/api/rpc.ts';
import { SpecError } from '../../../shared/keras/spec.ts';

const ports: MessagePort[] = [];
afterEach(() => ports.splice(0).forEach((port) => port.close()));

/** A channel over a real message port, with text between the ends when `text` is set. */
function portChannel(port: MessagePort, text: boolean): Channel {
  return {
    post: (message) => port.postMessage(text ? encodeMessage(message) : message),
    onMessage: (listener) =>
      port.on('message', (data) => listener(text ? decodeMessage(data as string) : data)),
    onClose: (listener) => port.on('close', listener),
  };
}

function pair(text: boolean) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  return { left: portChannel(port1, text), right: portChannel(port2, text), port1, port2 };
}

interface Calculator {
  divide(a: number, b: number): Promise<number>;
  double(values: Float32Array): Promise<Float32Array>;
  fail(how: string): Promise<void>;
  never(): Promise<void>;
}
interface Display {
  show(text: string): void;
}

const calculator: Calculator = {
  divide: async (a, b) => a / b,
  double: async (values) => values.map((value) => 2 * value),
  fail: async (how) => {
    if (how === 'coded') throw new StudioError('DISK_FULL', 'no room', '2 epochs');
    if (how === 'spec') throw new SpecError('encoder/conv2d', 'expected 3, received 4');
    if (how === 'system') throw Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' });
    if (how === 'text') throw 'just text';
    throw new TypeError('oops');
  },
  never: () => new Promise(() => {}),
};

for (const text of [false, true]) {
  const open = () => {
    const shown: string[] = [];
    const { left, right, ...ends } = pair(text);
    const display = link<Display, Calculator>(right, calculator, {
      divide: z.tuple([z.number(), z.union([z.number(), z.nan()])]),
      double: z.tuple([z.instanceof(Float32Array)]),
      fail: z.tuple([z.string()]),
      never: z.tuple([]),
    });
    const remote = link<Calculator, Display>(left, { show: (line) => shown.push(line) });
    return { shown, display, remote, left, right, ...ends };
  };

  test(`values cross whole, as ${text ? 'text' : 'copies'}`, async () => {
    const { remote } = open();
    expect(await remote.divide(1, 4)).toBe(0.25);
    expect(await remote.divide(1, NaN)).toBeNaN();
    expect(await remote.divide(-1, 0)).toBe(-Infinity);
    const doubled = await remote.double(new Float32Array([1.5, NaN]));
    expect(doubled).toBeInstanceOf(Float32Array);
    expect([...doubled]).toEqual([3, NaN]);
  });

  test(`both sides call, in order, as ${text ? 'text' : 'copies'}`, async () => {
    const { display, shown, remote } = open();
    for (let line = 0; line < 50; line++) void display.show(`${line}`);
    await display.show('last');
    expect(shown).toEqual([...Array.from({ length: 50 }, (_, line) => `${line}`), 'last']);
    expect(await remote.divide(6, 3)).toBe(2);
  });

  test(`errors keep code, message and what was saved, as ${text ? 'text' : 'copies'}`, async () => {
    const { remote } = open();
    const failure = (how: string) => remote.fail(how).catch((error: unknown) => error);
    const coded = await failure('coded');
    expect(coded).toBeInstanceOf(StudioError);
    expect(coded).toMatchObject({ code: 'DISK_FULL', message: 'no room', saved: '2 epochs' });
    expect(await failure('spec')).toMatchObject({
      code: 'BAD_MODEL',
      message: 'encoder/conv2d: expected 3, received 4',
    });
    expect(await failure('system')).toMatchObject({ code: 'DISK_FULL' });
    expect(await failure('text')).toMatchObject({ code: 'INTERNAL', message: 'just text' });
    expect(await failure('other')).toMatchObject({ code: 'INTERNAL', message: 'oops' });
  });

  test(`waiting and later calls reject when the channel closes, as ${text ? 'text' : 'copies'}`, async () => {
    const { remote, port2 } = open();
    const waiting = remote.never();
    await remote.divide(1, 1);
    port2.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(remote.divide(1, 1)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test(`only own methods with fitting arguments are run, as ${text ? 'text' : 'copies'}`, async () => {
    const { remote } = open();
    const anything = remote as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'missing', ''])
      await expect(anything[name]!()).rejects.toMatchObject({ code: 'NO_SUCH_METHOD' });
    await expect(anything.divide!('1', 2)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('divide') as string,
    });
    await expect(anything.divide!(1)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    const circle: unknown[] = [];
    circle.push(circle);
    await expect(anything.divide!(circle, 1)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await remote.divide(1, 2)).toBe(0.5);
  });

  test(`messages of another shape are dropped, as ${text ? 'text' : 'copies'}`, async () => {
    const { left, remote } = open();
    const strange = [null, 1, 'q', [], {}, { t: 'q' }, { t: 'q', m: 'divide' }, { t: 's' }];
    for (const message of [...strange, { t: 'q', m: 'divide', a: 'xy' }, { t: 's', i: 'nobody' }])
      left.post(message);
    expect(await remote.divide(1, 2)).toBe(0.5);
  });

  test(`what can't be sent is an error, not a silence, as ${text ? 'text' : 'copies'}`, async () => {
    const { left, right } = pair(text);
    link<Display, { odd(): Promise<unknown> }>(right, { odd: async () => () => {} });
    const remote = link<{ odd(argument?: unknown): Promise<unknown> }, object>(left, {});
    await expect(remote.odd()).rejects.toBeInstanceOf(StudioError);
    await expect(remote.odd(() => {})).rejects.toBeInstanceOf(StudioError);
  });
}
