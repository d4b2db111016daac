import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { openLoop } from './engine-loop.ts';
import { peerModel } from './peer-models.ts';

/**
 * Times a model's training step on the onnx engine and prints where the time goes, one operator a line:
 * npx rolldown test/bench/profile-step.ts --platform node --format esm --external onnxruntime-node --file FILE
 * node FILE [model] [batch] [threads] [steps] [profile]
 */
const [name = 'seed', ...numbers] = process.argv.slice(2);
const [batch = 128, threads = 2, steps = 30] = numbers.slice(0, 3).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'profile-step-'));
const profile = numbers[3] === 'profile' ? { profile: join(folder, 'profile') } : {};
const engine = await createOnnxEngine({ threads, ...profile });
const loop = await openLoop(peerModel(name), engine);
console.log(
  `${name}: ${loop.compiled.train.nodes.length} operations, compiled in ${loop.compileTime.toFixed(0)} ms`,
);
const times = await loop.steps(steps, batch);
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.floor(share * times.length)]!.toFixed(2);
console.log(
  `batch ${batch}, ${threads} threads: least ${at(0)}, quarter ${at(0.25)}, median ${at(0.5)} ms`,
);
await loop.close();
if (numbers[3] === 'profile') printProfile();
rmSync(folder, { recursive: true });

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly output_type_shape?: unknown };
}

/** Milliseconds a step of each operator, then of the slowest nodes: the least that each node took in any step. */
function printProfile(): void {
  const file = readdirSync(folder).find((name) => name.endsWith('.json'))!;
  const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[];
  const nodes = new Map<string, { op: string; least: number }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
    const node = `${name.replace('_kernel_time', '')} ${JSON.stringify(args?.output_type_shape)}`;
    const least = Math.min(nodes.get(node)?.least ?? Infinity, dur / 1000);
    nodes.set(node, { op: args?.op_name ?? '', least });
  }
  const ops = new Map<string, { count: number; total: number }>();
  for (const { op, least } of nodes.values()) {
    if (op === 'If') continue;
    const { count, total } = ops.get(op) ?? { count: 0, total: 0 };
    ops.set(op, { count: count + 1, total: total + least });
  }
  const line = (ms: number, text: string) => console.log(ms.toFixed(2).padStart(8), text);
  line(
    [...ops.values()].reduce((sum, { total }) => sum + total, 0),
    'in all',
  );
  const byTime = [...ops].sort((a, b) => b[1].total - a[1].total);
  for (const [op, { count, total }] of byTime.slice(0, 16)) line(total, `${op} (${count})`);
  console.log();
  const slowest = [...nodes].sort((a, b) => b[1].least - a[1].least);
  for (const [node, { least }] of slowest.slice(0, 40)) line(least, node);
}
