import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../shared/program/step.ts';
import { scalar, tensor } from '../../shared/program/tensor.ts';
import { seedModels } from '../support/seed.ts';

/**
 * Times the seed's training step on the onnx engine, and prints where the time goes:
 * npx rolldown test/bench/seed-step.ts --platform node --format esm --external onnxruntime-node --file FILE
 * node FILE [batch] [threads] [steps] [profile]
 */
const [batch = 128, threads = 2, steps = 40] = process.argv.slice(2, 5).map(Number);
const profiled = process.argv[5] === 'profile';
const folder = mkdtempSync(join(tmpdir(), 'step-'));
const compiled = compileModel(seedModels, 'autoencoder', {
  optimizer: { class_name: 'Adam', config: {} },
  loss: 'mse',
});
const engine = await createOnnxEngine({ threads, ...(profiled && { profile: join(folder, 'p') }) });
const started = performance.now();
const train = await engine.compile(compiled.train);
console.log(`compiled in ${(performance.now() - started).toFixed(0)} ms`);
const variables = await engine.variables(initialValues(compiled, 1));
const pixels = Float32Array.from({ length: batch * 784 }, () =>
  Math.random() < 0.2 ? Math.random() : 0,
);
const image = tensor(pixels, [batch, 28, 28, 1]);
const feeds = { img: image, 'target/0': image, [LEARNING_RATE]: scalar(compiled.learningRate(0)) };
const times: number[] = [];
for (let step = 0; step < steps; step++) {
  const start = performance.now();
  await train.run(variables, feeds);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.floor(share * times.length)]!.toFixed(1);
console.log(
  `batch ${batch}, ${threads} threads: min ${at(0)}, quarter ${at(0.25)}, median ${at(0.5)} ms`,
);
if (profiled) {
  await train.dispose();
  printProfile();
}

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly output_type_shape?: unknown };
}

/** Mean milliseconds a step of each operator, then of the slowest nodes. */
function printProfile(): void {
  const file = readdirSync(folder).find((name) => name.endsWith('.json'))!;
  const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[];
  const kernels = events.filter((e) => e.cat === 'Node' && e.name.endsWith('_kernel_time'));
  const table = (key: (event: Event) => string, most: number) => {
    const sums = new Map<string, number>();
    for (const event of kernels)
      sums.set(key(event), (sums.get(key(event)) ?? 0) + event.dur / 1000 / steps);
    const rows = [...sums].sort((a, b) => b[1] - a[1]).slice(0, most);
    for (const [name, ms] of rows) console.log(ms.toFixed(2).padStart(8), name);
  };
  console.log(
    `all kernels ${(kernels.reduce((a, e) => a + e.dur, 0) / 1000 / steps).toFixed(1)} ms`,
  );
  table((e) => e.args?.op_name ?? '', 20);
  console.log();
  table(
    (e) => `${e.name.replace('_kernel_time', '')} ${JSON.stringify(e.args?.output_type_shape)}`,
    45,
  );
}
