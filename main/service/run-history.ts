import type { RunEvent, TrainableChange } from '../../shared/api/events.ts';

/** What of a run's events stands. */
export interface RunHistory {
  /** The loss of each step, from the first on. */
  readonly losses: readonly number[];
  /** The results of epochs, from epoch 0 on. */
  readonly epochs: readonly Extract<RunEvent, { type: 'epoch' }>[];
  /** What was frozen or set free, after which step. */
  readonly changes: readonly (TrainableChange & { readonly step: number })[];
}

/**
 * What of a run's events stands: where a run went on from a checkpoint, what happened anew takes the place of what was
 * told before. What was frozen stays, also after the checkpoint, for it is frozen anew at the same step.
 */
export function historyOf(events: readonly RunEvent[]): RunHistory {
  const losses: number[] = [];
  let epochs: RunHistory['epochs'][number][] = [];
  const changes = new Map<string, RunHistory['changes'][number]>();
  for (const event of events) {
    switch (event.type) {
      case 'steps':
        event.losses.forEach((loss, i) => (losses[event.first - 1 + i] = loss));
        break;
      case 'epoch':
        epochs.push(event);
        break;
      case 'trainable': {
        const { step, path, trainable } = event;
        changes.set(`${step} ${path} ${trainable}`, { step, path, trainable });
        break;
      }
      case 'resumed':
        losses.length = Math.min(losses.length, event.step);
        epochs = epochs.filter(({ epoch }) => epoch <= event.epoch);
        break;
      default:
        break;
    }
  }
  return { losses, epochs, changes: [...changes.values()] };
}
