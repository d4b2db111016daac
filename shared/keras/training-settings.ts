import { z } from 'zod';
import { dataSettings } from '../data/settings.ts';
import { callbackSettings } from './callbacks/settings.ts';
import type { JsonObject } from './spec.ts';

/** A Keras object in a setting: its class (or Keras's short name) and configuration. */
const configured = z.strictObject({
  class_name: z.string().min(1),
  config: z.record(z.string(), z.json()).default({}) as unknown as z.ZodType<JsonObject>,
});

/** A Keras object, or its name alone. */
const kerasObject = z.union([z.string().min(1), configured]);

/** The metrics of one output. */
const metrics = z.array(kerasObject);
const metricsPerOutput = z.union([metrics, z.array(metrics), z.record(z.string(), metrics)]);

/**
 * What computes: the fastest of all engines that work, the fastest way of one engine, or an engine by one way to its
 * device, by ONNX Runtime's or tfjs's name of it.
 */
export const ENGINE_SETTINGS = [
  'auto',
  'onnx',
  'onnx:cpu',
  'onnx:cuda',
  'onnx:dml',
  'onnx:coreml',
  'onnx:webgpu',
  'tensorflow',
  'tensorflow:tfjs-node-gpu',
  'tensorflow:tfjs-node',
  'tensorflow:javascript',
] as const;

export type EngineSetting = (typeof ENGINE_SETTINGS)[number];

/** How a model trains: what Keras takes in `compile` and `fit`, with the data and the engine. */
export const trainingSettings = z.strictObject({
  /** Id of the model in the project's spec. */
  model: z.string().min(1),
  ...dataSettings,
  epochs: z.int().positive().max(1_000_000).default(10),
  batch_size: z.int().positive().max(1_000_000).default(128),
  /** Uses only the first so many training (and at most as many validation) samples; null: all. */
  limit: z.int().positive().nullable().default(null),
  seed: z.int().nonnegative().max(0xffffffff).default(0),
  /**
   * A safetensors file with weights to begin with, by the keys of the variables; those that it lacks are drawn. Below
   * the project unless it is an absolute path.
   */
  initial_weights: z.string().min(1).nullable().default(null),
  engine: z.enum(ENGINE_SETTINGS).default('auto'),
  optimizer: configured.default({ class_name: 'Adam', config: {} }),
  /** One for all outputs, one per output in order, or by the outputs' names; null leaves an output out. */
  loss: z
    .union([
      kerasObject,
      z.array(kerasObject.nullable()),
      z.record(z.string(), kerasObject.nullable()),
    ])
    .default('mean_squared_error'),
  /** What each output's loss counts for; 1 unless told. */
  loss_weights: z
    .union([z.array(z.number()), z.record(z.string(), z.number())])
    .nullable()
    .default(null),
  /** What else is measured: a list for a model with one output, else by output. */
  metrics: metricsPerOutput.default([]),
  /** The same, each sample counted by its weight. */
  weighted_metrics: metricsPerOutput.default([]),
  /** What a sample counts for in training by its class's number; classes that are left out count once. */
  class_weight: z
    .record(z.string().regex(/^-?\d+$/, 'expected the number of a class'), z.number())
    .nullable()
    .default(null),
  /** What acts while the model trains, in the order in which it is asked. */
  callbacks: callbackSettings.default([{ class_name: 'TerminateOnNaN', config: {} }]),
  /**
   * When what it takes to go on is put on the disk beside the end of each epoch, so that a trainer which dies loses no
   * more than that. The newest `keep` stay, and that of the best epoch.
   */
  checkpoints: z
    .strictObject({
      every_minutes: z.number().positive().max(10_000).nullable().default(5),
      every_steps: z.int().positive().nullable().default(null),
      keep: z.int().positive().max(1000).default(3),
    })
    .prefault({}),
});

export type TrainingSettings = z.infer<typeof trainingSettings>;
