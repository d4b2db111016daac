import type { Logs } from '../../program/tally.ts';
import { SpecError, type Json } from '../spec.ts';

/** Whether a metric is better when it is smaller or larger. */
export type Direction = 'min' | 'max';

/** Which way a metric of the training goes, by its name in logs without `val_`; undefined for one that is not there. */
export type DirectionOf = (name: string) => Direction | undefined;

/** How callbacks judge the quantity that they monitor. */
export interface Monitor {
  /** The quantity in the logs of an epoch; null where it is not there, or is no single number. */
  valueIn(logs: Logs): number | null;
  /** Whether the value is better than the reference by more than `min_delta`; always where there is none. */
  improves(value: number, reference: number | null): boolean;
}

/**
 * A monitor as Keras's callbacks have it. In mode `auto` losses go down, and metrics as Keras knows of them. Throws a
 * SpecError where that can't be known. Source: keras.src.callbacks.monitor_callback.MonitorCallback.
 */
export function createMonitor(
  className: string,
  {
    monitor,
    mode,
    min_delta = 0,
  }: { monitor: string; mode: Direction | 'auto'; min_delta?: number },
  directionOf: DirectionOf,
): Monitor {
  const name = monitor.replace(/^val_/, '');
  const auto = name === 'loss' || name.endsWith('_loss') ? 'min' : directionOf(name);
  const direction = mode === 'auto' ? auto : mode;
  if (direction === undefined)
    throw new SpecError(
      `callbacks/${className}`,
      `can't tell whether ${monitor} should go down or up; expected mode 'min' or 'max'`,
    );
  const delta = Math.abs(min_delta);
  return {
    valueIn(logs) {
      const value = logs[monitor];
      return typeof value === 'number' ? value : null;
    },
    improves(value, reference) {
      if (reference === null) return true;
      // Keras compares as float32, so that what differs by less is the same.
      const than = Math.fround(reference);
      return direction === 'min'
        ? Math.fround(value + delta) < than
        : Math.fround(value - delta) > than;
    },
  };
}

/** What is said when the monitored quantity is not in the logs. */
export function isMissing(monitor: string, logs: Logs): string {
  const names = Object.keys(logs);
  return `${monitor} is not measured; there are ${names.join(', ')}`;
}

/** A number that JSON can hold: those that it lacks become texts. */
export function toPlain(value: number | null): Json {
  return value === null || Number.isFinite(value) ? value : String(value);
}

/** The number that `toPlain` wrote. */
export function fromPlain(value: Json | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
