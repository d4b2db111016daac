import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { openLoop } from './engine-loop.ts';
import { peerModel } from './peer-models.ts';
import { markdownTable } from './stats.ts';

const STEPS = 10_000;
const BATCH = 16;

/** Steps after which memory is looked at first: by then everything has been allocated once. */
const WARM = 1_000;

/** Prints what memory a process holds after 1,000 and after 10,000 steps of training. */
export async function benchMemory(): Promise<void> {
  console.log(`\nMemory over ${STEPS.toLocaleString('en')} steps, batch ${BATCH}, MiB\n`);
  const rows: string[][] = [];
  for (const name of ['seed', 'mlp', 'lstm']) {
    const engine = await createOnnxEngine();
    const loop = await openLoop(peerModel(name), engine);
    await loop.steps(WARM, BATCH);
    const before = held();
    await loop.steps(STEPS - WARM, BATCH);
    const after = held();
    rows.push([name, mib(before), mib(after), `${((after / before - 1) * 100).toFixed(2)} %`]);
    await loop.close();
    await engine.dispose();
  }
  console.log(markdownTable(['model', `after ${WARM}`, `after ${STEPS}`, 'grown'], rows));
}

/** Resident memory after garbage was collected, where Node lets it be asked for. */
function held(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
