import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose } from '../../shared/keras/compose.ts';
import { rootOf } from './torch-peer.ts';
import { markdownTable } from './stats.ts';

const SIDE = 512;
const COUNT = 4000;
/** What a process may hold of its own memory, in KiB: half of it is the runtime. */
const LIMIT = 500_000;

/**
 * Imports a gigabyte of pictures and trains on them in processes that may hold less than half of that: the kernel refuses
 * them more (RLIMIT_DATA, which counts all that a process allocates, and not what the kernel keeps of files).
 */
export async function benchDataMemory(): Promise<void> {
  const bytes = COUNT * SIDE * SIDE;
  console.log(
    `\nTraining on ${(bytes / 1e6).toFixed(0)} MB of pictures in processes of at most ${((LIMIT * 1024) / 1e6).toFixed(0)} MB\n`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'bench-data-memory-'));
  try {
    writeData(join(folder, 'pictures'));
    writeProject(join(folder, 'project'));
    const began = performance.now();
    const { code, said } = await limited(folder);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const epoch = said.split('\n').find((line) => line.includes('"event":"epoch","epoch":1'));
    const rate = epoch && (JSON.parse(epoch) as { samples_per_second: number }).samples_per_second;
    console.log(
      markdownTable(
        ['data are of the limit', 'trained', 'import and epoch, s', 'samples/s'],
        [
          [
            `${(bytes / (LIMIT * 1024)).toFixed(2)}x`,
            code === 0 ? 'yes' : `no (${code}): ${said.slice(-300)}`,
            seconds,
            rate ? rate.toFixed(0) : '-',
          ],
        ],
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `x.npy`: pictures of noise; `y.npy`: their classes. */
function writeData(folder: string): void {
  mkdirSync(folder);
  const write = (name: string, shape: string, values: (i: number) => Uint8Array) => {
    const file = openSync(join(folder, name), 'w');
    const dict = `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
    const head = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1');
    head.writeUInt16LE(dict.length, 8);
    writeSync(file, Buffer.concat([head, Buffer.from(dict)]));
    for (let i = 0; i < COUNT; i++) writeSync(file, values(i));
    closeSync(file);
  };
  const picture = Buffer.alloc(SIDE * SIDE);
  write('x.npy', `(${COUNT}, ${SIDE}, ${SIDE})`, () => randomFillSync(picture));
  write('y.npy', `(${COUNT},)`, (i) => Uint8Array.of(i % 10));
}

/** A classifier whose work is little beside the reading. */
function writeProject(folder: string): void {
  mkdirSync(folder);
  const model = compose(({ input, layers, model }) => {
    const image = input([SIDE, SIDE, 1], { name: 'image' });
    const small = layers.flatten()(layers.averagePooling2d(64)(image));
    return model(image, layers.dense(10, { activation: 'softmax' })(small), { name: 'net' });
  });
  const training = {
    model: 'net',
    task: 'classify',
    loss: 'sparse_categorical_crossentropy',
    epochs: 1,
    batch_size: 8,
    engine: 'onnx',
  };
  const project = { version: 1, name: 'large', model, training };
  writeFileSync(join(folder, 'project.json'), JSON.stringify(project));
}

async function limited(folder: string): Promise<{ code: number | null; said: string }> {
  const command = `ulimit -d ${LIMIT} && exec "$0" "$@"`;
  const cli = join(rootOf(), 'dist/main/cli.js');
  const flags = ['--data', join(folder, 'pictures'), '--out', join(folder, 'run'), '--json'];
  const args = ['-c', command, process.execPath, cli, 'train', join(folder, 'project'), ...flags];
  const child = spawn('bash', args, {
    env: { ...process.env, MATRYOSHKA_CACHE: join(folder, 'cache') },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}
