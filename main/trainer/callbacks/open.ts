import { isAbsolute, join } from 'node:path';
import type { Callback, EpochEnd } from '../../../shared/keras/callbacks/callback.ts';
import { createCallback } from '../../../shared/keras/callbacks/catalogue.ts';
import type { DirectionOf } from '../../../shared/keras/callbacks/monitor.ts';
import type { CallbackSetting } from '../../../shared/keras/callbacks/settings.ts';
import type { JsonObject } from '../../../shared/keras/spec.ts';
import type { Logs } from '../../../shared/program/tally.ts';
import { writeCheckpoint } from '../../formats/checkpoint.ts';
import type { CallbackWork } from './callbacks.ts';
import { openCsvLogger } from './csv-logger.ts';
import { openTensorBoard } from './tensorboard/tensorboard.ts';

/** What a callback writes while the model trains. */
export interface CallbackWriter {
  batchEnd?(at: { step: number; epoch: number }, logs: () => Logs): Promise<void>;
  epochEnd?(end: EpochEnd): Promise<void>;
  /** Where its files end, on the disk. */
  state(): Promise<JsonObject>;
  close(): Promise<void>;
}

/** A callback at work. */
export interface OpenCallback {
  readonly logic: Callback | null;
  readonly writer: CallbackWriter | null;
  /** Saves the model under a name below the run's folder. */
  readonly save?: (file: string, at: { step: number; epoch: number }) => Promise<void>;
}

/** Opens a callback; with `state`, as it was when a checkpoint was written. */
export async function openCallback(
  setting: CallbackSetting,
  work: CallbackWork,
  directionOf: DirectionOf,
  state: JsonObject | null,
): Promise<OpenCallback> {
  const logic = createCallback(setting, directionOf);
  if (logic && state) logic.restore(state);
  return {
    logic,
    writer: await openWriter(setting, work, state),
    ...(setting.class_name === 'ModelCheckpoint' && { save: saverOf(work) }),
  };
}

async function openWriter(
  setting: CallbackSetting,
  work: CallbackWork,
  state: JsonObject | null,
): Promise<CallbackWriter | null> {
  const { folder } = work.job;
  switch (setting.class_name) {
    case 'CSVLogger':
      return openCsvLogger(setting.config, placeIn(folder, setting.config.filename), state);
    case 'TensorBoard':
      return openTensorBoard(setting.config, placeIn(folder, setting.config.log_dir), work, state);
    default:
      return null;
  }
}

/** A place that a setting names: below the run's folder unless it is absolute. */
function placeIn(folder: string, place: string): string {
  return isAbsolute(place) ? place : join(folder, place);
}

function saverOf({ job, session }: CallbackWork): NonNullable<OpenCallback['save']> {
  return async (file, { step, epoch }) =>
    writeCheckpoint(placeIn(job.folder, file), {
      step,
      epoch,
      settings: job.settings,
      model: job.model,
      variables: await session().variables.read(),
    });
}
