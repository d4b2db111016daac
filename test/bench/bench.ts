import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { trainerArguments, trainerEnvironment } from '../../main/service/trainer-process.ts';
import { benchCompile } from './compile.ts';
import { benchDataMemory } from './data-memory.ts';
import { benchData } from './data.ts';
import { benchGpu } from './gpu.ts';
import { benchGrid } from './grid.ts';
import { benchGrowth } from './growth.ts';
import { benchLoad } from './load.ts';
import { benchMemory } from './memory.ts';
import { benchMemoryNeed } from './memory-need.ts';
import { benchRunMemory } from './run-memory.ts';
import { benchPeers } from './peers.ts';
import { benchStarts } from './startup.ts';
import { benchStreaming } from './streaming.ts';
import { benchTfjs } from './tfjs.ts';
import { benchWaiting } from './waiting.ts';

/**
 * `npm run bench [-- PART or MODEL ...]`: prints what RESULTS.md keeps, all parts unless some are named.
 * Ratios count; the times are this machine's at this moment.
 */
const PARTS: Readonly<Record<string, (named: readonly string[]) => Promise<void>>> = {
  peers: benchPeers,
  growth: benchGrowth,
  compile: benchCompile,
  start: benchStarts,
  streaming: benchStreaming,
  load: benchLoad,
  data: benchData,
  waiting: benchWaiting,
  'data-memory': benchDataMemory,
  grid: benchGrid,
  memory: benchMemory,
  'memory-need': benchMemoryNeed,
  'run-memory': benchRunMemory,
  tfjs: benchTfjs,
  gpu: benchGpu,
};

/** Measures in a process like a trainer's: Node's arguments and the allocator's settings hold from its start. */
function benchAsTrainer(): number {
  const env = { ...trainerEnvironment({}), [CHILD]: '1' };
  const args = [...trainerArguments, '--expose-gc', ...process.argv.slice(1)];
  return spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
}

async function bench(): Promise<void> {
  const named = process.argv.slice(2);
  const parts = Object.keys(PARTS).filter((part) => named.includes(part));
  const others = named.filter((name) => !(name in PARTS));
  console.log(
    `${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} threads, Node ${process.version}`,
  );
  for (const part of named.length > 0 ? parts : Object.keys(PARTS)) await PARTS[part]!(others);
}

const CHILD = 'MATRYOSHKA_BENCH';
if (process.env[CHILD]) await bench();
else process.exitCode = benchAsTrainer();
