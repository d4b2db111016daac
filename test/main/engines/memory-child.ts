import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { tensor } from '../../../shared/program/tensor.ts';

/** Trains with batches of two sizes, and prints how many bytes the process holds every 4,000 steps, without garbage. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const engine = await createOnnxEngine({ threads: 1 });
const ops = createOps();
const w = ops.variable('w', [8, 4]);
const x = ops.feed('x', [null, 8]);
const kept = ops.random('kept', [null, 8], { kind: 'uniform', low: 0, high: 1 });
const y = ops.relu(ops.matMul(ops.mul(x, kept), w));
const updates = { w: ops.sub(w, ops.mul(ops.matMul(x, y, true, false), 1e-6)) };
const step = await engine.compile(ops.program({ loss: ops.reduceMean(y) }, updates));
const variables = await engine.variables({ w: tensor(new Float32Array(32).fill(0.5), [8, 4]) });
const held: number[] = [];
for (let i = 1; i <= 20_000; i++) {
  const batch = i % 10 === 0 ? 96 : 128;
  const ones = tensor(new Float32Array(batch * 8).fill(1), [batch, 8]);
  await step.run(variables, { x: ones, kept: ones });
  if (i % 4000 > 0) continue;
  for (let round = 0; round < 2; round++) {
    collectGarbage();
    await new Promise(setImmediate); // lets ONNX Runtime release what the garbage held
  }
  held.push(process.memoryUsage.rss());
}
console.log(JSON.stringify(held));
