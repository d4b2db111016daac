import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { nodesOf } from '../../shared/program/program.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../shared/program/step.ts';
import { scalar, sizeOf, tensor, type NamedTensors } from '../../shared/program/tensor.ts';
import { createRandom } from '../../shared/random.ts';
import { peerModels } from './peer-models.ts';

/**
 * Times a model's training step on the onnx engine and prints where the time goes, one operator a line:
 * npx rolldown test/bench/profile-step.ts --platform node --format esm --external onnxruntime-node --file FILE
 * node FILE [model] [batch] [threads] [steps] [profile]
 */
const [name = 'seed', ...numbers] = process.argv.slice(2);
const [batch = 128, threads = 2, steps = 30] = numbers.slice(0, 3).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'profile-step-'));
const profile = numbers[3] === 'profile' ? { profile: join(folder, 'profile') } : {};
const { spec, model, loss } = peerModels[name]!;
const compiled = compileModel(spec, model, {
  optimizer: { class_name: 'Adam', config: {} },
  loss,
});
const engine = await createOnnxEngine({ threads, ...profile });
const started = performance.now();
const train = await engine.compile(compiled.train);
console.log(
  `${name}: ${compiled.train.nodes.length} operations, compiled in ${(performance.now() - started).toFixed(0)} ms`,
);
const variables = await engine.variables(initialValues(compiled, 1));
const random = createRandom(0, 'bench');
const feeds: NamedTensors = {};
for (const { attrs } of [
  ...nodesOf(compiled.train, 'feed'),
  ...nodesOf(compiled.train, 'random'),
]) {
  const shape = attrs.shape.map((dim) => dim ?? batch);
  feeds[attrs.name] = tensor(
    'dtype' in attrs && attrs.dtype === 'int32'
      ? new Int32Array(sizeOf(shape))
      : random.uniform(sizeOf(shape)),
    shape,
    'dtype' in attrs ? attrs.dtype : 'float32',
  );
}
feeds[LEARNING_RATE] = scalar(compiled.learningRate(0));
const times: number[] = [];
for (let step = 0; step < steps; step++) {
  const start = performance.now();
  await train.run(variables, feeds);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.floor(share * times.length)]!.toFixed(2);
console.log(
  `batch ${batch}, ${threads} threads: least ${at(0)}, quarter ${at(0.25)}, median ${at(0.5)} ms`,
);
await train.dispose();
if (numbers[3] === 'profile') printProfile();
rmSync(folder, { recursive: true });

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly output_type_shape?: unknown };
}

/** Milliseconds a step of each operator, then of the slowest nodes; a branch counts within its `If` too. */
function printProfile(): void {
  const file = readdirSync(folder).find((name) => name.endsWith('.json'))!;
  const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[];
  const kernels = events.filter((e) => e.cat === 'Node' && e.name.endsWith('_kernel_time'));
  const table = (key: (event: Event) => string, most: number) => {
    const sums = new Map<string, { total: number; count: number }>();
    for (const event of kernels) {
      const sum = sums.get(key(event)) ?? { total: 0, count: 0 };
      sums.set(key(event), { total: sum.total + event.dur / 1000, count: sum.count + 1 });
    }
    const rows = [...sums].sort((a, b) => b[1].total - a[1].total).slice(0, most);
    for (const [row, { total, count }] of rows)
      console.log((total / steps).toFixed(2).padStart(8), String(count / steps).padStart(5), row);
  };
  table((e) => e.args?.op_name ?? '', 20);
  console.log();
  table(
    (e) => `${e.name.replace('_kernel_time', '')} ${JSON.stringify(e.args?.output_type_shape)}`,
    40,
  );
}
