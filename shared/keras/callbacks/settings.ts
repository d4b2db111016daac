import { z } from 'zod';
import { earlyStoppingConfig } from './early-stopping.ts';
import { commandConfig, webhookConfig } from './end-configs.ts';
import { learningRateSchedulerConfig } from './learning-rate-scheduler.ts';
import { csvLoggerConfig, tensorBoardConfig } from './logger-configs.ts';
import { modelCheckpointConfig } from './model-checkpoint.ts';
import { reduceLROnPlateauConfig } from './reduce-lr-on-plateau.ts';

/**
 * What each callback takes, by Keras's class; `DesktopNotification`, `Command` and `Webhook` are at the run's end and
 * not Keras's.
 */
export const callbackConfigs = {
  EarlyStopping: earlyStoppingConfig,
  ReduceLROnPlateau: reduceLROnPlateauConfig,
  LearningRateScheduler: learningRateSchedulerConfig,
  ModelCheckpoint: modelCheckpointConfig,
  TerminateOnNaN: z.strictObject({}),
  CSVLogger: csvLoggerConfig,
  TensorBoard: tensorBoardConfig,
  DesktopNotification: z.strictObject({}),
  Command: commandConfig,
  Webhook: webhookConfig,
} as const;

export type CallbackName = keyof typeof callbackConfigs;

/** The callbacks by name. */
export const callbackNames = Object.keys(callbackConfigs) as readonly CallbackName[];

/** A callback of a training, `{class_name, config}`, by class. */
export type CallbackSettingOf<N extends CallbackName> = {
  readonly class_name: N;
  readonly config: z.infer<(typeof callbackConfigs)[N]>;
};

/** A callback of a training. */
export type CallbackSetting = { [N in CallbackName]: CallbackSettingOf<N> }[CallbackName];

const options = callbackNames.map((name) =>
  z.strictObject({
    class_name: z.literal(name),
    config: (callbackConfigs[name] as z.ZodType).prefault({}),
  }),
);

/** The callbacks of a training, in the order in which they are called. */
export const callbackSettings = z.array(
  z.discriminatedUnion('class_name', options as unknown as [(typeof options)[number]], {
    error: ({ code }) =>
      code === 'invalid_union'
        ? `unknown callback; known are ${callbackNames.join(', ')}`
        : undefined,
  }),
) as unknown as z.ZodType<CallbackSetting[], unknown>;
