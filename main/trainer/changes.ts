import { runEnded } from '../../shared/api/errors.ts';
import type { TrainableChange } from '../../shared/api/events.ts';

interface Asked {
  readonly change: TrainableChange;
  resolve(): void;
  reject(error: unknown): void;
}

/** Changes that are asked for at any time, and made by a training between two of its steps. */
export class Changes {
  private asked: Asked[] = [];
  private closed = false;

  /** Resolves when the training has made the change. Rejects with what it throws, or when the training ends before. */
  ask(change: TrainableChange): Promise<void> {
    if (this.closed) return Promise.reject(runEnded());
    return new Promise((resolve, reject) => this.asked.push({ change, resolve, reject }));
  }

  /** Makes the changes that wait, in order. */
  async make(work: (change: TrainableChange) => Promise<void>): Promise<void> {
    for (const { change, resolve, reject } of this.asked.splice(0))
      await work(change).then(resolve, reject);
  }

  /** Refuses those that still wait, and all that come. */
  close(): void {
    this.closed = true;
    for (const { reject } of this.asked.splice(0)) reject(runEnded());
  }
}
