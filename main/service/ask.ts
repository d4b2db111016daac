import type { Remote } from '../../shared/api/rpc.ts';
import type { TrainerService } from '../trainer/contract.ts';
import { openTrainer, type TrainerWatcher } from './trainer-link.ts';
import type { StartTrainer } from './trainer-process.ts';

/** Asks a trainer of its own one question; `end` ends the trainer before it has answered. */
export async function ask<T>(
  startTrainer: StartTrainer,
  question: (trainer: Remote<TrainerService>) => Promise<T>,
  watcher: TrainerWatcher = {},
  end?: AbortSignal,
): Promise<T> {
  const trainer = openTrainer(startTrainer, watcher);
  end?.addEventListener('abort', () => void trainer.end(), { once: true });
  try {
    return await question(trainer.service);
  } finally {
    await trainer.end();
  }
}
