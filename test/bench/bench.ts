import { asTrainer } from './as-trainer.ts';
import { benchCompile } from './compile.ts';
import { benchDataMemory } from './data-memory.ts';
import { benchData } from './data.ts';
import { benchGpu } from './gpu.ts';
import { makeGpuArchive } from './gpu-archive.ts';
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

/** What is made, where it is named. */
const TASKS: typeof PARTS = { 'gpu-archive': makeGpuArchive };

await asTrainer(async () => {
  const named = process.argv.slice(2);
  const known = { ...PARTS, ...TASKS };
  const parts = Object.keys(known).filter((part) => named.includes(part));
  const others = named.filter((name) => !(name in known));
  for (const part of named.length > 0 ? parts : Object.keys(PARTS)) await known[part]!(others);
});
