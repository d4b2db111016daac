import type { DataPreview } from '../../shared/api/data.ts';
import type { PreviewJob } from '../trainer/contract.ts';
import { openTrainer, type Trainer } from './trainer-link.ts';
import type { StartTrainer } from './trainer-process.ts';

/** Previews of data, one after the other. */
export interface Previews {
  preview(job: PreviewJob): Promise<DataPreview>;
  close(): Promise<void>;
}

/** How long a trainer waits for the next question, in ms: one that is running answers at once. */
const IDLE = 30_000;

/** Asks one trainer for previews, which stays for a while. */
export function createPreviews(startTrainer: StartTrainer): Previews {
  let trainer: Trainer | null = null;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function end(): Promise<void> {
    clearTimeout(timer);
    const ended = trainer?.end();
    trainer = null;
    await ended;
  }

  async function ask(job: PreviewJob): Promise<DataPreview> {
    clearTimeout(timer);
    trainer ??= openTrainer(startTrainer);
    try {
      return await trainer.service.preview(job);
    } catch (error) {
      await end();
      throw error;
    } finally {
      timer = setTimeout(() => void end(), IDLE);
      timer.unref();
    }
  }

  return {
    preview(job) {
      const answer = last.then(() => ask(job));
      last = answer.catch(() => {});
      return answer;
    },
    close: end,
  };
}
