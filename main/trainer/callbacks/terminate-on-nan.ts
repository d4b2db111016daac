import { StudioError } from '../../../shared/api/errors.ts';
import type { RunEventBody } from '../../../shared/api/events.ts';
import type { BadPlace } from '../../../shared/program/finite-check.ts';

/** How a place is told, for people. */
const found: Readonly<Record<BadPlace['where'], (path: string) => string>> = {
  input: (path) => `what goes into ${path} holds values that are no numbers: they are in the data`,
  target: (path) =>
    `what ${path} should give holds values that are no numbers: they are in the data`,
  weights: (path) => `the weights of ${path} were no numbers before the first step that is known`,
  output: (path) => `the first layer that gave values which are no numbers is ${path}`,
  loss: (path) => `all layers gave numbers; the loss of what ${path} gives is none`,
  gradient: (path) => `the first layer whose gradient was no number is ${path}`,
  update: (path) =>
    `all gradients were numbers; the first weights that were none after their update are those of ${path}`,
};

/** The end of a training whose loss is no number, with the first bad place, where it was found; `emit` tells it apart. */
export function lossIsNoNumber(
  emit: (event: RunEventBody) => void,
  { what, value, step, epoch }: { what: string; value: number; step: number; epoch: number },
  place: BadPlace | null,
): StudioError {
  if (place)
    emit({
      type: 'callback',
      callback: 'TerminateOnNaN',
      step,
      epoch,
      action: 'terminate',
      ...place,
    });
  const where = place ? `; ${found[place.where](place.path)}` : '';
  const isData = place?.where === 'input' || place?.where === 'target';
  const hint = isData ? '' : '; a smaller learning rate often helps';
  return new StudioError(
    'LOSS_NOT_FINITE',
    `the ${what} became ${value} at step ${step} (epoch ${epoch}), so the training ended${where}${hint}`,
  );
}
