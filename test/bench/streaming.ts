import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, RunState } from '../../shared/api/events.ts';
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
/** Steps of one turn, and turns. */
const STEPS = 18;
const TURNS = 18;

/**
 * Prints what the studio costs: the same steps in a bare engine loop, and as a run with data, events on disk, pictures,
 * a look at its layers and a window that listens and pulls every picture. The run pauses while the loop has its turn, so
 * that a change of the machine's pace meets both alike; the first turn, with pictures of the first steps, is the run's
 * alone. Checkpoints and validation are kept out of both.
 */
export async function benchStreaming(): Promise<void> {
  const engine = await createOnnxEngine();
  const loop = await openLoop(peerModel('seed'), engine);
  await loop.steps(5, BATCH);
  const run = await openRun();
  const first = await run.steps(STEPS);
  const bare: number[] = [];
  const studio: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    bare.push(mean(await loop.steps(STEPS, BATCH)));
    studio.push(await run.steps(STEPS));
  }
  await run.close();
  await loop.close();
  await engine.dispose();
  const ratios = studio.map((time, i) => time / bare[i]!);
  console.log(
    '\nThe cost of the studio: a run that a window watches beside the bare engine loop, the seed, batch 128\n',
  );
  const overhead = `${((median(ratios) - 1) * 100).toFixed(1)} %`;
  console.log(
    markdownTable(
      [
        'bare, ms a step',
        'in the studio',
        'overhead (median of paired turns)',
        'its first steps, ms',
      ],
      [[median(bare).toFixed(1), median(studio).toFixed(1), overhead, first.toFixed(1)]],
    ),
  );
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** A run that a window watches over a socket, paused but for its turns. */
interface WatchedRun {
  /** Milliseconds a step over about so many of its steps. */
  steps(count: number): Promise<number>;
  close(): Promise<void>;
}

/** Starts one and waits until its training begins. */
async function openRun(): Promise<WatchedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'streaming-'));
  const studio = await openStudio({ folder, host: 'web', startTrainer: () => forkTrainer() });
  const host = await serveWeb(studio);
  /** What was told since the turn began. */
  let turn: RunEvent[] = [];
  let told = () => {};
  const service = createStudioClient((await socketTo(host.url)).channel, {
    runEvents(id, batch) {
      turn.push(...batch);
      for (const event of batch)
        if (event.type === 'images') void service.runImages({ id, picture: event.step });
      told();
    },
    runChanged: () => {},
    projectChanged: () => {},
    importChanged: () => {},
    datasetsChanged: () => {},
    deviceUsage: () => {},
    enginesTried: () => {},
  });
  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await new Promise<void>((resolve) => (told = resolve));
  };
  const entered = (state: RunState) =>
    turn.findIndex((event) => event.type === 'state' && event.state === state);
  const { project } = await service.snapshot();
  const { id } = await service.startRun({
    ...project.training,
    batch_size: BATCH,
    epochs: 1,
    engine: 'onnx',
    checkpoints: { ...project.training.checkpoints, every_minutes: null },
  });
  await service.pauseRun({ id });
  await until(() => entered('paused') >= 0);

  return {
    async steps(count) {
      turn = [];
      await service.proceedRun({ id });
      const made = () => turn.flatMap((event) => (event.type === 'steps' ? event.losses : []));
      await until(() => made().length >= count);
      await service.pauseRun({ id });
      await until(() => entered('paused') >= 0);
      const [from, to] = [turn[entered('training')]!, turn[entered('saving')]!];
      return (to.time - from.time) / made().length;
    },
    async close() {
      await host.close();
      await studio.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
