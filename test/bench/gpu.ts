import { listCandidates } from '../../main/engines/candidates.ts';
import type { Engine } from '../../main/engines/engine.ts';
import { openEngine } from '../support/open-engine.ts';
import { openLoop } from './engine-loop.ts';
import { peerModel } from './peer-models.ts';
import { markdownTable, times as ratio } from './stats.ts';
import { findTorch, openTorch, type TorchPeer } from './torch-peer.ts';
import { inTurns } from './turns.ts';

/** What is measured on a GPU: models by name with their batch sizes. */
const CASES: readonly (readonly [model: string, batch: number])[] = [
  ['seed', 128],
  ['seed', 1024],
  ['resnet', 128],
];

/**
 * Prints the training steps of the onnx engine on every GPU provider that works beside PyTorch, eager and compiled, on
 * the same GPU; says what is left out and why. The README beside this file says what it needs.
 */
export async function benchGpu(): Promise<void> {
  console.log('\nA training step on a GPU, ms (median of short turns, one after the other)\n');
  const engines = await enginesHere();
  if (engines.length === 0) {
    console.log('SKIPPED the GPU: no provider of ONNX Runtime works here.');
    return;
  }
  const torch = await torchHere();
  const rows: string[][] = [];
  for (const [name, batch] of CASES) rows.push(...(await compare(name, batch, engines, torch)));
  const heads = ['model', 'batch', 'onnx', 'ms', 'PyTorch eager', 'torch.compile', 'onnx is'];
  console.log(markdownTable(heads, rows));
  torch?.close();
  for (const engine of engines) await engine.dispose();
}

/** An engine for each of ONNX Runtime's GPU providers that works; the others are named with their reason. */
async function enginesHere(): Promise<Engine[]> {
  const engines: Engine[] = [];
  for (const { engine: name, provider } of listCandidates()) {
    if (name !== 'onnx' || provider === 'cpu') continue;
    try {
      const engine = await openEngine(name, provider);
      engines.push(engine);
      console.log(`onnx (${provider}): ${engine.device.name}`);
    } catch (error) {
      console.log(`SKIPPED: ${(error as Error).message}`);
    }
  }
  return engines;
}

async function torchHere(): Promise<TorchPeer | null> {
  const python = findTorch();
  const torch = python ? await openTorch(python, 1, 'cuda').catch(() => null) : null;
  console.log(
    torch
      ? `PyTorch ${torch.version}: ${torch.device}`
      : 'SKIPPED PyTorch: no Python with torch that has CUDA was found (PYTHON names one).',
  );
  return torch;
}

/** A row for each engine: its median milliseconds beside those of PyTorch, all in turn. */
async function compare(
  name: string,
  batch: number,
  engines: readonly Engine[],
  torch: TorchPeer | null,
): Promise<string[][]> {
  const loops = await Promise.all(engines.map((engine) => openLoop(peerModel(name), engine)));
  const own = await inTurns(loops.map((loop) => (count: number) => loop.steps(count, batch)));
  // The peer keeps one model at a time, so that eager and compiled steps are not taken in turn.
  const eager = torch && (await medianOf(torch, name, batch, false));
  const compiled = torch && (await medianOf(torch, name, batch, true));
  for (const loop of loops) await loop.close();
  return engines.map(({ device }, i) => [
    name,
    String(batch),
    device.provider,
    own[i]!.toFixed(2),
    eager?.toFixed(2) ?? '-',
    compiled?.toFixed(2) ?? '-',
    eager ? `${ratio(eager / own[i]!)} eager` : '-',
  ]);
}

async function medianOf(
  torch: TorchPeer,
  model: string,
  batch: number,
  compile: boolean,
): Promise<number | null> {
  const run = (count: number) => torch.steps(model, batch, count, compile);
  const [median] = await inTurns([run]).catch(() => [null]);
  return median ?? null;
}
