/** Where a run is. The last three are final. */
export type RunState =
  | 'queued'
  | 'loading'
  | 'compiling'
  | 'training'
  | 'validating'
  | 'saving'
  | 'finished'
  | 'stopped'
  | 'failed';

/** What happened in a run, without its number. Steps count optimizer updates from 1; 0 is before the first. */
export type RunEventBody =
  | { readonly type: 'state'; readonly state: RunState; readonly error?: ErrorInfo }
  | ({ readonly type: 'plan' } & RunPlan)
  /** Training losses of consecutive steps, gathered for about 100 ms. */
  | { readonly type: 'steps'; readonly first: number; readonly losses: readonly number[] }
  /** How many validation batches are done. */
  | { readonly type: 'validation'; readonly done: number; readonly total: number }
  | ({ readonly type: 'epoch' } & EpochResult)
  /** Reconstructions of the fixed validation samples are stored for this step; the bytes are pulled. */
  | { readonly type: 'images'; readonly step: number; readonly errors: readonly number[] }
  | { readonly type: 'checkpoint'; readonly step: number; readonly epoch: number }
  /** From the step after `step` on, the layer at a path and all inside it is frozen or trained, see `setTrainable`. */
  | ({ readonly type: 'trainable'; readonly step: number } & TrainableChange);

/** A layer that is frozen or set free while a run is under way. */
export interface TrainableChange {
  /** `autoencoder/encoder`. */
  readonly path: string;
  readonly trainable: boolean;
}

/** One numbered event of a run: `seq` counts from 1 without gaps; `time` is in ms since 1970. */
export type RunEvent = RunEventBody & { readonly seq: number; readonly time: number };

/** What a run is going to do, known once data and engine are ready. */
export interface RunPlan {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly batchSize: number;
  readonly trainSamples: number;
  readonly validationSamples: number;
  readonly engine: EngineChoice;
  /** Shape of one sample and how many are shown in the strip; absent when the model gives no images. */
  readonly images?: { readonly count: number; readonly shape: readonly [number, number, number] };
}

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
