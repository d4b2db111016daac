import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '../../shared/api/events.ts';
import { isActive } from '../../shared/api/events.ts';
import { createStudioClient } from '../../shared/api/rpc.ts';
import { forkTrainer } from '../../main/service/fork-trainer.ts';
import { openStudio } from '../../main/service/studio.ts';
import { serveWeb } from '../../main/web/server.ts';
import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { openLoop } from './engine-loop.ts';
import { peerModel } from './peer-models.ts';
import { markdownTable, median } from './stats.ts';
import { socketTo } from './window.ts';

const BATCH = 128;
const STEPS = 100;
const ROUNDS = 6;

/**
 * Prints what the studio costs: the same steps in a bare engine loop, and as a run with data, events on disk, pictures
 * and a window that listens and pulls every picture. Rounds alternate; validation and saving are kept out of both.
 */
export async function benchStreaming(): Promise<void> {
  const bare: number[] = [];
  const studio: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const engine = await createOnnxEngine();
    const loop = await openLoop(peerModel('seed'), engine);
    await loop.steps(5, BATCH);
    bare.push(mean(await loop.steps(STEPS, BATCH)));
    await loop.close();
    await engine.dispose();
    studio.push(await studioStep());
  }
  const ratios = studio.map((time, i) => time / bare[i]!);
  console.log(
    '\nThe cost of the studio: a run that a window watches beside the bare engine loop, the seed, batch 128\n',
  );
  const overhead = `${((median(ratios) - 1) * 100).toFixed(1)} %`;
  console.log(
    markdownTable(
      ['bare, ms a step', 'in the studio', 'overhead (median of paired rounds)'],
      [[median(bare).toFixed(1), median(studio).toFixed(1), overhead]],
    ),
  );
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Milliseconds a step of one run that a window watches over a socket, from its fifth step to its last. */
async function studioStep(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'streaming-'));
  const studio = await openStudio({ folder, host: 'web', startTrainer: () => forkTrainer() });
  const host = await serveWeb(studio);
  const events: RunEvent[] = [];
  let ended = () => {};
  const done = new Promise<void>((resolve) => (ended = resolve));
  const service = createStudioClient((await socketTo(host.url)).channel, {
    runEvents(id, batch) {
      events.push(...batch);
      for (const event of batch)
        if (event.type === 'images') void service.runImages({ id, picture: event.step });
    },
    runChanged: (_, summary) => {
      if (summary && !isActive(summary.state)) ended();
    },
    projectChanged: () => {},
    importChanged: () => {},
    datasetsChanged: () => {},
    deviceUsage: () => {},
    enginesTried: () => {},
  });
  const { project } = await service.snapshot();
  const settings = {
    ...project.training,
    batch_size: BATCH,
    limit: BATCH * STEPS,
    epochs: 1,
    engine: 'onnx' as const,
  };
  await service.startRun(settings);
  await done;
  await host.close();
  await studio.close();
  rmSync(folder, { recursive: true, force: true });
  const steps = events.filter((event) => event.type === 'steps');
  const counted = steps.filter(({ first }) => first >= 5);
  const before = steps[steps.indexOf(counted[0]!) - 1]!;
  const count = counted.reduce((sum, { losses }) => sum + losses.length, 0);
  return (counted.at(-1)!.time - before.time) / count;
}
