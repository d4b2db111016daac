import type { Proof, RunSummary } from '../../shared/api/contract.ts';
import type { DataPreview } from '../../shared/api/data.ts';
import type { DeviceUsage, EngineProgress, EngineReport } from '../../shared/api/engines.ts';
import type { RunEventBody, StoredPicture, TrainableChange } from '../../shared/api/events.ts';
import type { MemoryEstimate } from '../../shared/api/memory.ts';
import type {
  ExportFormat,
  ExportOptions,
  ExportPlan,
  WrittenModel,
} from '../../shared/api/exports.ts';
import type { OpenedModel } from '../../shared/api/models.ts';
import type { RateCurve, RateRange } from '../../shared/keras/rate-finder.ts';
import type { LayerId, ModelSpec } from '../../shared/keras/spec.ts';
import type { EngineSetting, TrainingSettings } from '../../shared/keras/training-settings.ts';
import type { TensorData } from '../../shared/program/tensor.ts';

/** One run for the trainer process. */
export interface TrainJob {
  readonly model: ModelSpec;
  readonly settings: TrainingSettings;
  /** The run's folder, which exists; the trainer writes `images/` and `checkpoints/` below it. */
  readonly folder: string;
  /** Whether the engines are tried anew though one is remembered as the fastest. */
  readonly chooseAnew?: boolean;
  /** Set for a run that goes on: the newest step and epoch (-1: not even epoch 0) that its history holds. */
  readonly resume?: { readonly step: number; readonly epoch: number };
  /** What was frozen or set free in a run that goes on or is repeated, after which step; it is done again then. */
  readonly changes?: readonly (TrainableChange & { readonly step: number })[];
  /** The step after which a run that is repeated stops, if not with its last epoch. */
  readonly until?: number;
}

/** A search for a learning rate. */
export interface RateJob extends Pick<TrainJob, 'model' | 'settings'> {
  readonly range: RateRange;
}

/** What is to be seen of the data before training. */
export interface PreviewJob extends Pick<TrainJob, 'model' | 'settings'> {
  /** How many training samples, from the first on. */
  readonly samples: number;
  /** How many steps of a training are looked at. */
  readonly versions: number;
}

/** Where a model and its weights come from: a file in any format that is read, or a spec and its weights. */
export type ModelSource = ({ readonly file: string } | KnownModel) & {
  /** A file whose weights are laid onto the model, by their paths. */
  readonly laid?: string;
};

/** A model that needs no file to be read, but for its weights. */
export interface KnownModel {
  readonly spec: ModelSpec;
  /** The model that is meant where none is named. */
  readonly main: LayerId;
  /** Those that a training with these settings begins with, or those of the newest checkpoint in a folder. */
  readonly weights:
    Pick<TrainingSettings, 'seed' | 'initial_weights'> | { readonly checkpoints: string };
  /** The run that it is from. */
  readonly run?: Pick<RunSummary, 'settings' | 'data' | 'engine' | 'lastStep' | 'lastEpoch'>;
}

/** A model's file to open. */
export interface OpenJob {
  readonly file: string;
  /** The model that weights alone are laid onto. */
  readonly onto: { readonly spec: ModelSpec; readonly main: LayerId };
  /** A folder in which the weights are kept. */
  readonly store: string;
}

/** A model to write in a format. */
export interface ExportJob {
  readonly source: ModelSource;
  /** The path or name of the model; null: the main one. */
  readonly name: string | null;
  readonly format: ExportFormat;
  readonly options: ExportOptions;
  /** The file, or the folder where the format is one. */
  readonly target: string;
}

/** What was written. */
export interface Exported extends WrittenModel {
  /** The model's path. */
  readonly model: string;
}

/** A tensor that goes into a model. */
export interface GivenTensor {
  /** Of the input; inputs without names are taken in the model's order. */
  readonly name?: string;
  /** With the samples first. */
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> & Iterable<number>;
}

/** Inputs for a model. */
export interface PredictJob {
  readonly source: ModelSource;
  /** The path or name of the model; null: the main one. */
  readonly name: string | null;
  readonly inputs: readonly GivenTensor[];
  /** Paths of layers whose outputs are wanted too. */
  readonly taps: readonly string[];
  /** Null: ONNX Runtime on the CPU where it can. */
  readonly engine: EngineSetting | null;
  /** Of what layers draw when they run. */
  readonly seed: number;
}

/** What a model gives for inputs. */
export interface Predicted {
  /** The model's path. */
  readonly model: string;
  /** What is not as the model's file says, and what became of weights that were laid onto it. */
  readonly notes: readonly string[];
  /** For people: what computed. */
  readonly engine: string;
  readonly outputs: readonly (TensorData & { readonly name: string })[];
  /** What each call of the wanted layers gives. */
  readonly taps: readonly {
    readonly path: string;
    readonly call: number;
    readonly outputs: readonly TensorData[];
  }[];
}

/** What the trainer process does. One job at a time; a process ends with its job. */
export interface TrainerService {
  /** Trains to the end or until `stop`; says how through events. Rejects with an ErrorInfo-like error when it fails. */
  train(job: TrainJob): Promise<{ state: 'finished' | 'stopped' }>;
  /** Ends the training after the current step, saves a checkpoint and lets `train` resolve. */
  stop(): Promise<void>;
  /** Lets the training wait after the current step, with a checkpoint, until `proceed`. */
  pause(): Promise<void>;
  proceed(): Promise<void>;
  /** Writes a checkpoint after the current step. Rejects when the training ends before. */
  checkpoint(): Promise<void>;
  /**
   * Freezes a layer or sets it free between two steps of the training that is under way: the other weights keep the
   * optimizer's state, and the layer's own waits for it. Resolves when it is done. Rejects for a path that is not
   * there, and when the training ends before.
   */
  setTrainable(change: TrainableChange): Promise<void>;
  prove(job: { model: ModelSpec; settings: TrainingSettings }): Promise<Proof>;
  /** What a training with these settings would take of the memory. */
  memory(job: Pick<TrainJob, 'model' | 'settings'>): Promise<MemoryEstimate>;
  /** Training samples as they are, and as the first steps of a training would see them. */
  preview(job: PreviewJob): Promise<DataPreview>;
  /** What a model gives for inputs, in inference mode. */
  predict(job: PredictJob): Promise<Predicted>;
  /** Reads a model's file, or weights alone, and keeps the weights; their file's name is in `weights`. */
  openModel(job: OpenJob): Promise<OpenedModel>;
  /** The models in a file, without their weights. */
  readModels(file: string): Promise<{ spec: ModelSpec }>;
  /** What a format makes of a model; nothing is written. */
  planExport(job: ExportJob): Promise<ExportPlan>;
  /**
   * Writes a model in a format, whole or not at all, opens it again and compares it. Rejects where the format can't
   * hold the model.
   */
  exportModel(job: ExportJob): Promise<Exported>;
  /** Trains fresh weights with ever larger learning rates, until the loss runs away, the range ends, or `stop`. */
  findRate(job: RateJob): Promise<RateCurve>;
  /** Tries every engine, and with `benchmark` times a step of that training on each that works. */
  engines(benchmark: Pick<TrainJob, 'model' | 'settings'> | null): Promise<EngineReport[]>;
  /** Forgets which engines were the fastest for models. */
  forgetChoices(): Promise<void>;
}

/** What the trainer process tells. */
export interface TrainerListener {
  /** In order; training losses gathered for about 100 ms. */
  events(bodies: readonly RunEventBody[]): void;
  /** At least once a second, also while compiling or inside a long step where the engine allows. */
  heartbeat(): void;
  /** What the training takes of the machine, every two seconds. */
  usage(usage: DeviceUsage): void;
  /** How far `engines` is. */
  enginesTried(progress: EngineProgress): void;
  /** How far `findRate` is. */
  rateTried(curve: RateCurve): void;
  /**
   * For a trainer that can't start processes, as in Electron: runs main/engines/probe-child.ts in a process of its own,
   * with these variables added to its environment, until it has answered the request, has ended, or `endProbe`.
   */
  probe(env: Readonly<Record<string, string>>, request: unknown): Promise<ProbeOutcome>;
  /** Ends the probe that is running. */
  endProbe(): void;
}

/** What became of a probe's process. */
export interface ProbeOutcome {
  /** Undefined when it ended without an answer. */
  readonly reply: unknown;
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  /** What it wrote to its error output. */
  readonly lastWords: string;
}

/** Where, below the run's folder, a picture lies. PNG. */
export function imageFile(picture: StoredPicture): string {
  const name = picture === 'input' ? 'samples' : picture;
  return `images/${typeof name === 'number' ? padded(name) : name}.png`;
}

/** Where, below the run's folder, the checkpoints lie. */
export const checkpointFolder = 'checkpoints';

/** Where, below the run's folder, the checkpoint of a step lies; main/formats/checkpoint.ts reads and writes it. */
export function checkpointPath(step: number): string {
  return `${checkpointFolder}/${padded(step)}.safetensors`;
}

/** Padded, so that names sort as steps do. */
function padded(step: number): string {
  return `step-${String(step).padStart(8, '0')}`;
}
