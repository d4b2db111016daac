import { runEnded } from '../../shared/api/errors.ts';
import type { TrainableChange } from '../../shared/api/events.ts';

/** What can be asked of a training while it is under way. */
export type Request =
  | { readonly kind: 'trainable'; readonly change: TrainableChange }
  /** A checkpoint of now. */
  | { readonly kind: 'checkpoint' };

interface Asked {
  readonly request: Request;
  resolve(): void;
  reject(error: unknown): void;
}

/** What a training is told from outside, at any time; the training minds it between two of its steps. */
export class Control {
  private asked: Asked[] = [];
  private closed = false;
  private wanted = false;
  private wake = () => {};

  /** Whether the training is to wait. */
  get pausing(): boolean {
    return this.wanted;
  }

  /** Lets the training wait between two steps until `proceed`. */
  pause(): void {
    this.wanted = true;
  }

  proceed(): void {
    this.wanted = false;
    this.wake();
  }

  /** Resolves when the training has done it. Rejects with what it throws, or when the training ends before. */
  ask(request: Request): Promise<void> {
    if (this.closed) return Promise.reject(runEnded());
    const done = new Promise<void>((resolve, reject) =>
      this.asked.push({ request, resolve, reject }),
    );
    this.wake();
    return done;
  }

  /** Does what is asked, in order. */
  async make(work: (request: Request) => Promise<void>): Promise<void> {
    for (const { request, resolve, reject } of this.asked.splice(0))
      await work(request).then(resolve, reject);
  }

  /** Resolves when something was asked, or the training is to proceed or to stop. */
  async changed(stop: AbortSignal): Promise<void> {
    if (stop.aborted || !this.wanted || this.asked.length > 0) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Refuses what still waits, and all that comes. */
  close(): void {
    this.closed = true;
    for (const { reject } of this.asked.splice(0)) reject(runEnded());
  }
}
