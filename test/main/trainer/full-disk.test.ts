import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { newestCheckpoint } from '../../../main/formats/checkpoint.ts';
import { train } from '../../../main/trainer/trainer.ts';
import { encodeError } from '../../../shared/api/errors.ts';
import type { RunEventBody } from '../../../shared/api/events.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { autoencoder } from './models.ts';

/** A disk with room for three checkpoints, or null where this user may not make one. */
function smallDisk(): string | null {
  const place = mkdtempSync(join(tmpdir(), 'small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'pipe' });
    return place;
  } catch (error) {
    rmdirSync(place);
    console.warn(`SKIPPED: the test of a full disk needs a small one: ${String(error)}`);
    return null;
  }
}

const disk = smallDisk();
afterAll(() => {
  if (disk === null) return;
  execFileSync('umount', [disk]);
  rmdirSync(disk);
});

test.skipIf(!disk)(
  'a full disk ends the training, and what was saved before stays whole',
  async () => {
    const events: RunEventBody[] = [];
    const settings = trainingSettings.parse({
      model: 'autoencoder',
      engine: 'onnx',
      epochs: 1000,
      limit: 128,
    });
    const error: unknown = await train(
      { model: autoencoder, folder: disk!, settings },
      (list) => void events.push(...list),
      new AbortController().signal,
    ).catch((thrown: unknown) => thrown);
    expect(encodeError(error).code).toBe('DISK_FULL');
    const last = events.filter((event) => event.type === 'checkpoint').at(-1)!;
    expect(last.step).toBeGreaterThan(0);
    const saved = await newestCheckpoint(join(disk!, 'checkpoints'));
    expect(saved).toMatchObject({ step: last.step, epoch: last.epoch });
    for (const folder of ['images', 'checkpoints'])
      expect(readdirSync(join(disk!, folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  },
);
