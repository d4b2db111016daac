import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { H5Group, H5Reply, H5Request } from './tree.ts';

/** How long a file may take: so many ms, and so many more for each MB. */
const [LONGEST, LONGER_PER_MB] = [60_000, 1000];

/** A thread with nothing to do ends after so many ms. */
const IDLE = 10_000;

/** Whether bytes begin as HDF5 files do. */
export function isH5(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 8)).toString('latin1') === '\x89HDF\r\n\x1a\n';
}

/** Reads an HDF5 file. Throws an Error that begins with `name` where it is broken, hostile or endless. */
export async function readH5(bytes: Uint8Array, name: string): Promise<H5Group> {
  const time = LONGEST + (bytes.length / 2 ** 20) * LONGER_PER_MB;
  const reply = await ask({ read: new Uint8Array(bytes) }, time);
  if ('group' in reply) return reply.group;
  throw new Error(`${name}: no HDF5 file that can be read: ${problemOf(reply)}`);
}

/** The bytes of an HDF5 file that holds the group. */
export async function writeH5(group: H5Group): Promise<Uint8Array<ArrayBuffer>> {
  const reply = await ask({ write: group }, 10 * LONGEST);
  if ('bytes' in reply) return reply.bytes;
  throw new Error(`no HDF5 file could be made: ${problemOf(reply)}`);
}

function problemOf(reply: H5Reply): string {
  return 'error' in reply ? reply.error.split('\n')[0]! : 'it got another answer';
}

/** The thread, while one is there, and what it is asked, one after the other. */
let thread: Worker | null = null;
let queue: Promise<unknown> = Promise.resolve();
let idle: NodeJS.Timeout | undefined;

function ask(request: H5Request, time: number): Promise<H5Reply> {
  const answer = queue.then(() => answerOf(request, time));
  queue = answer.catch(() => {});
  return answer;
}

/** What the thread answers. It is ended where it fails or takes over `time` ms: a broken file may have broken it. */
async function answerOf(request: H5Request, time: number): Promise<H5Reply> {
  clearTimeout(idle);
  // The library writes on standard error what it throws too.
  const worker = (thread ??= new Worker(findProgram(), { stdout: true, stderr: true }));
  worker.ref();
  let timer: NodeJS.Timeout | undefined;
  let forget = () => {};
  const reply = await new Promise<H5Reply>((resolve) => {
    const onError = (error: Error) => resolve({ error: error.message });
    const onExit = () => resolve({ error: 'it ends the reader' });
    worker.once('message', resolve).once('error', onError).once('exit', onExit);
    forget = () => worker.off('message', resolve).off('error', onError).off('exit', onExit);
    const late = { error: `it takes over ${Math.round(time / 1000)} s` };
    timer = setTimeout(() => resolve(late), time);
    worker.postMessage(request, 'read' in request ? [request.read.buffer] : []);
  });
  clearTimeout(timer);
  forget();
  worker.unref();
  const end = () => {
    if (thread === worker) thread = null;
    return worker.terminate();
  };
  if ('error' in reply) await end();
  else idle = setTimeout(() => void end(), IDLE).unref();
  return reply;
}

/** The built program of the thread, found from here upwards, beside an archive where this lies in one. */
function findProgram(folder = import.meta.dirname): string {
  const program = join(folder, 'dist/main/h5.js').replace(
    /app\.asar(?=[\\/])/,
    'app.asar.unpacked',
  );
  if (existsSync(program)) return program;
  const above = dirname(folder);
  if (above === folder) throw new Error('dist/main/h5.js is not built: run npm run build');
  return findProgram(above);
}
