import type { RunData } from '../data/run-data.ts';
import type { CallbackAction } from '../keras/callbacks/callback.ts';
/** Where a run is. The last three are final. */
export type RunState =
  | 'queued'
  | 'loading'
  | 'compiling'
  /** Normalization layers learn mean and variance of the training data. */
  | 'adapting'
  | 'training'
  | 'validating'
  | 'saving'
  /** Waits between two steps until it is told to go on; its state is in a checkpoint. */
  | 'paused'
  | 'finished'
  | 'stopped'
  | 'failed';

/** What happened in a run, without its number. Steps count optimizer updates from 1; 0 is before the first. */
export type RunEventBody =
  | { readonly type: 'state'; readonly state: RunState; readonly error?: ErrorInfo }
  /** What the preparation of the engine is at; told before each part of it. */
  | ({ readonly type: 'preparing' } & Preparation)
  | ({ readonly type: 'plan' } & RunPlan)
  /** Training losses of consecutive steps, gathered for about 100 ms. */
  | ({
      readonly type: 'steps';
      readonly first: number;
      readonly losses: readonly number[];
    } & StepFacts)
  /** How the layers of the plan fared at a step; now and then. */
  | ({ readonly type: 'layers'; readonly step: number } & LayerFacts)
  /** How many batches of the pass over the training data are done, while Normalization layers adapt. */
  | { readonly type: 'adapting'; readonly done: number; readonly total: number }
  /** How far the data are decoded that are not in the cache. */
  | ({ readonly type: 'import' } & ImportState)
  /** How many validation batches are done. */
  | { readonly type: 'validation'; readonly done: number; readonly total: number }
  | ({ readonly type: 'epoch' } & EpochResult)
  /** What the model makes of the fixed validation samples at this step; the bytes of pictures are pulled. */
  | ({ readonly type: 'images'; readonly step: number } & ImagesResult)
  | { readonly type: 'checkpoint'; readonly step: number; readonly epoch: number }
  /**
   * The run goes on from a checkpoint: what was told before of later steps, of images after `step` and of epochs after
   * `epoch` is void, for it happens anew.
   */
  | ({ readonly type: 'resumed' } & Resumption)
  | ({ readonly type: 'callback' } & CallbackAct)
  /** From the step after `step` on, the layer at a path and all inside it is frozen or trained, see `setTrainable`. */
  | ({ readonly type: 'trainable'; readonly step: number } & TrainableChange);

/** What else is known of the steps of an event; absent in runs of earlier versions. */
export interface StepFacts {
  /** The learning rate of each of them, one number where it is the same. */
  readonly rate?: number | readonly number[];
  /** The share of their time, 0 to 1, that passed before a batch was there. */
  readonly waiting?: number;
}

/** A layer of a run's model as the events name it. */
export interface PlanLayer {
  /** `autoencoder/encoder/conv2d_2`. */
  readonly path: string;
  /** How many units it and all inside it have that can die; 0 for none. */
  readonly units: number;
}

/**
 * How the layers of a plan fared at a step, in the plan's order; null where a layer has nothing of the kind. A model's
 * numbers are those of all that is inside it, each variable and each unit counted once.
 */
export interface LayerFacts {
  /** The norm of the loss's gradient by all trained weights. */
  readonly gradients: readonly (number | null)[];
  /** The norm of what the update adds to the trained weights, by the norm of these. */
  readonly updates: readonly (number | null)[];
  /** Units that gave 0 for every sample of the batch. */
  readonly dead: readonly (number | null)[];
}

/** Where a run goes on that was stopped, or whose trainer died. */
export interface Resumption {
  /** Updates that stand; the next step is the one after. */
  readonly step: number;
  /** The newest epoch whose result stands; -1: not even that of epoch 0, for the training begins anew. */
  readonly epoch: number;
  /** Checkpoints, newer than the one that is taken, that can't be used, with the reason. */
  readonly passedOver?: readonly { readonly file: string; readonly reason: string }[];
}

/** What a callback made the training do after a step. */
export type CallbackAct = {
  /** Keras's class. */
  readonly callback: string;
  /** Counts from 1, while those of the action count from 0, as Keras counts. */
  readonly epoch: number;
  readonly step: number;
} & Exclude<CallbackAction, { readonly action: 'keep_weights' }>;

/** A layer that is frozen or set free while a run is under way. */
export interface TrainableChange {
  /** `autoencoder/encoder`. */
  readonly path: string;
  readonly trainable: boolean;
}

/** One numbered event of a run: `seq` counts from 1 without gaps; `time` is in ms since 1970. */
export type RunEvent = RunEventBody & { readonly seq: number; readonly time: number };

/** How far an import is. */
export interface ImportState {
  readonly phase: 'wait' | 'decode' | 'report';
  /** Samples. */
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number | null;
}

/** A part of what happens between the data and the first step. */
export interface Preparation {
  /**
   * `differentiate`: the model becomes programs; `time`: an engine is tried with the training step; `lower`: a program
   * is written for the engine; `optimize`: the engine optimizes and plans it.
   */
  readonly part: 'differentiate' | 'time' | 'lower' | 'optimize';
  /** The engine that is tried, `onnx (webgpu)`, or the program: `train`, `evaluate`. */
  readonly of?: string;
  /** How much is done, 0 to 1. */
  readonly share: number;
}

/** What a run is going to do, known once data and engine are ready. */
export interface RunPlan {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly batchSize: number;
  readonly trainSamples: number;
  readonly validationSamples: number;
  readonly engine: EngineChoice;
  /** What it trains on; absent in runs of earlier versions. */
  readonly data?: RunData;
  readonly environment?: Environment;
  /** What the strip of fixed validation samples shows; absent when there is nothing to see. */
  readonly images?: ImagesPlan;
  /** The layers of the events `layers`; absent where there are none. */
  readonly layers?: readonly PlanLayer[];
}

/** What a training runs on: system, hardware and the versions of what computes. */
export interface Environment {
  readonly node: string;
  readonly electron?: string;
  /** `linux 6.1.0 x64`. */
  readonly system: string;
  readonly processor: string;
  /** Processors that the process may use. */
  readonly cores: number;
  /** Bytes of the computer's memory. */
  readonly memory: number;
  readonly gpus: readonly string[];
  readonly driver?: string;
  /** Versions by the packages' names. */
  readonly packages: Readonly<Record<string, string>>;
}

/** A picture that is stored once: what goes into the model, a second image that goes in, what should come out. */
export type StoredInput = 'input' | 'other' | 'target';

/** A picture of a run: stored once, or what the model made at a step. */
export type StoredPicture = StoredInput | number;

/** What the strip of fixed validation samples shows. */
export interface ImagesPlan {
  readonly count: number;
  /** Height, width and channels of a sample in its pictures. */
  readonly shape: readonly [number, number, number];
  /** The pictures that are stored once; the inputs alone where it is absent. */
  readonly pictures?: readonly StoredInput[];
  /** By sample, where the model gives no images: the class that it is of, or the numbers that belong to it. */
  readonly truths?: readonly (string | readonly number[])[];
}

/** What the model makes of the fixed samples. */
export interface ImagesResult {
  /** By sample: the mean squared error, or of a class what its probability lacks to 1. */
  readonly errors: readonly number[];
  /** By sample, where the model gives no images. */
  readonly predictions?: readonly Prediction[];
}

/** What a model says of a sample: a class and how sure it is, or (the first) numbers. */
export type Prediction =
  { readonly label: string; readonly probability: number } | { readonly values: readonly number[] };

/** The engine of a run, its device, and why it was taken. */
export interface EngineChoice {
  readonly engine: 'tensorflow' | 'onnx';
  readonly provider: string;
  readonly device: string;
  readonly kind: 'cpu' | 'gpu';
  /** For people, in English: `the only engine that works here`. */
  readonly reason: string;
}

/** The end of an epoch; epoch 0 is the state before training and has no training loss. */
export interface EpochResult {
  readonly epoch: number;
  readonly step: number;
  /** Mean training loss over the epoch, samples weighted equally; null for epoch 0. */
  readonly loss: number | null;
  readonly valLoss: number | null;
  /** Metrics, and the losses of single outputs, by Keras's names: `accuracy`, `val_accuracy`, `label_loss`. */
  readonly logs?: Readonly<Record<string, number | readonly number[]>>;
  /** Training only, validation and images kept out; 0 for epoch 0. */
  readonly samplesPerSecond: number;
  /** The share of the training time, 0 to 1, that passed before a batch was there; absent for epoch 0. */
  readonly waiting?: number;
  readonly seconds: number;
}

/** An error as plain data. `code` is stable, `message` is for people. */
export interface ErrorInfo {
  readonly code: string;
  readonly message: string;
  /** What was saved before it happened, where that matters. */
  readonly saved?: string;
}

/** Whether a run in this state still works. */
export function isActive(state: RunState): boolean {
  return state !== 'finished' && state !== 'stopped' && state !== 'failed';
}
