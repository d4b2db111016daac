import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { openLoop } from './engine-loop.ts';
import { peerModel } from './peer-models.ts';
import { markdownTable, times as ratio } from './stats.ts';
import { inTurns } from './turns.ts';
import { findTorch, openTorch } from './torch-peer.ts';

/** What is measured beside PyTorch: models by name, each with its batch sizes. */
const CASES: readonly (readonly [model: string, batch: number])[] = [
  ['seed', 16],
  ['seed', 128],
  ['seed', 512],
  ['mlp', 128],
  ['cnn', 128],
  ['lstm', 128],
  ['resnet', 128],
];

/** Prints the training steps of the onnx engine beside PyTorch's, those of some models only if they are named. */
export async function benchPeers(models: readonly string[]): Promise<void> {
  console.log('\nA training step, ms (median of short turns, one after the other)\n');
  const python = findTorch();
  if (!python)
    console.log(
      'SKIPPED PyTorch: no Python with torch was found (Debian: python3-torch and libopenblas0-pthread).\n',
    );
  const rows: string[][] = [];
  for (const [name, batch] of CASES) {
    if (models.length > 0 && !models.includes(name)) continue;
    const [own, one, two] = await compare(name, batch, python);
    rows.push([
      name,
      String(batch),
      own!.toFixed(1),
      Math.round((batch / own!) * 1000).toLocaleString('en'),
      one?.toFixed(1) ?? '-',
      two?.toFixed(1) ?? '-',
      one && two ? ratio(Math.min(one, two) / own!) : '-',
    ]);
  }
  const heads = [
    'model',
    'batch',
    'onnx',
    'samples/s',
    'PyTorch, 1 thread',
    '2 threads',
    'onnx is',
  ];
  console.log(markdownTable(heads, rows));
}

/** Median milliseconds of a step on the onnx engine, then on PyTorch with 1 and 2 threads if there is a Python. */
async function compare(name: string, batch: number, python: string | null): Promise<number[]> {
  const engine = await createOnnxEngine();
  const loop = await openLoop(peerModel(name), engine);
  const torch = python ? [await openTorch(python, 1), await openTorch(python, 2)] : [];
  const runners = [
    (count: number) => loop.steps(count, batch),
    ...torch.map((peer) => (count: number) => peer.steps(name, batch, count)),
  ];
  const times = await inTurns(runners);
  for (const peer of torch) peer.close();
  await loop.close();
  await engine.dispose();
  return times;
}
