import { z } from 'zod';
import type { RunData } from '../data/run-data.ts';
import type { ModelSpec } from '../keras/spec.ts';
import { trainingSettings, type TrainingSettings } from '../keras/training-settings.ts';
import {
  dataRequests,
  type DataImport,
  type DataListener,
  type DataPreview,
  type DataService,
  type DatasetEntry,
} from './data.ts';
import {
  engineRequests,
  type EngineListener,
  type EngineService,
  type RunUsage,
} from './engines.ts';
import { rateRequests, type RateService } from './rate-search.ts';
import type { MemoryEstimate } from './memory.ts';
import type {
  EngineChoice,
  EpochResult,
  ErrorInfo,
  RunEvent,
  RunState,
  StoredPicture,
} from './events.ts';
import { modelRequests, type ModelService } from './models.ts';
import { runControlRequests, type RunControlService } from './run-control.ts';
import { runId, runLibraryRequests, type RunLabel, type RunLibraryService } from './runs.ts';

/** A project: its models, its data and how it trains. On disk it is `project.json`. */
export interface Project {
  readonly name: string;
  /** Folder on the service's machine. */
  readonly folder: string;
  readonly model: ModelSpec;
  readonly training: TrainingSettings;
  /** Tells one state of models and settings from another. */
  readonly revision: string;
}

/** A run as a list shows it; what is written on it stands there once something is. */
export interface RunSummary extends Partial<RunLabel> {
  readonly id: string;
  /** Counts from 1 within the project. */
  readonly number: number;
  readonly folder: string;
  readonly state: RunState;
  /** Set while a process other than the studio's carries it out: another studio of the project, or the command line. */
  readonly elsewhere?: { readonly pid: number; readonly host: string };
  readonly error?: ErrorInfo;
  /** In ms since 1970. */
  readonly created: number;
  /** Set while the trainer's process gives no sign of life: since when, in ms since 1970. */
  readonly silentSince?: number;
  readonly settings: TrainingSettings;
  readonly engine?: EngineChoice;
  /** What it trains on, known once it is open. */
  readonly data?: RunData;
  readonly lastStep: number;
  readonly lastEpoch?: EpochResult;
  /** The epoch with the smallest validation loss. */
  readonly bestEpoch?: EpochResult;
  /** The newest checkpoint: where it goes on, if it does. */
  readonly checkpoint?: { readonly step: number; readonly epoch: number };
  /** What its epochs took, those that were trained anew after a stop included. */
  readonly seconds?: number;
  /** Number of the newest event on disk. */
  readonly seq: number;
}

/** Everything that a window needs at its start. Events of a run with a `seq` up to the summary's are covered. */
export interface Snapshot {
  readonly version: string;
  readonly host: 'electron' | 'web';
  readonly project: Project;
  readonly runs: readonly RunSummary[];
  /** The project's own dataset among them. */
  readonly datasets: readonly DatasetEntry[];
  /** Those that are under way. */
  readonly imports: readonly DataImport[];
  /** What the run under way takes of the machine; null while that is not known. */
  readonly usage: RunUsage | null;
}

/** One claim about a composed model, checked. */
export interface ProofClaim {
  readonly id:
    'shared-variables' | 'composition' | 'call-adds-no-parameters' | 'training-reaches-submodels';
  readonly holds: boolean;
  /** What was compared, with the numbers, in English; the ids and figures stand apart for other languages. */
  readonly text: string;
  readonly details: readonly ProofDetail[];
}

/** One comparison behind a claim. */
export interface ProofDetail {
  readonly subject: string;
  readonly expected: string;
  readonly received: string;
  readonly holds: boolean;
}

/** The answer to "can a model be treated as a layer and be called? prove it". */
export interface Proof {
  readonly model: string;
  readonly holds: boolean;
  readonly engine: EngineChoice;
  readonly claims: readonly ProofClaim[];
}

/** What the service offers to windows and to the command line. Arguments are checked by `requests`. */
export interface StudioService
  extends
    DataService,
    EngineService,
    ModelService,
    RateService,
    RunControlService,
    RunLibraryService {
  snapshot(): Promise<Snapshot>;
  /**
   * Stores changed models or settings in the project and gives the new revision. With `revision`, the one that was
   * changed: rejects with the code `PROJECT_CHANGED`, and changes nothing, when the project has another by now.
   */
  saveProject(project: {
    model: ModelSpec;
    training: TrainingSettings;
    revision?: string | undefined;
  }): Promise<string>;
  /** Starts a run and returns its summary at once; what happens then comes as events. */
  startRun(settings: TrainingSettings): Promise<RunSummary>;
  /** Ends a run after the current step. `discard` removes its folder. */
  stopRun(run: { id: string; discard: boolean }): Promise<void>;
  /** The model of a run, with what was frozen or set free in it since its start. */
  runModel(run: { id: string }): Promise<ModelSpec>;
  /**
   * Freezes a layer and all inside it, or sets it free, in a run that is under way, between two of its steps. The event
   * `trainable` says when; the other layers' optimizer state stays.
   */
  setTrainable(change: { id: string; path: string; trainable: boolean }): Promise<void>;
  /**
   * The events of a run that come after number `after`: all, or as many from there on as `most` bytes hold on disk, at
   * least one if there is any. A long history is read in parts, so that nobody waits behind it.
   */
  runEvents(query: { id: string; after: number; most?: number | undefined }): Promise<RunEvent[]>;
  /** PNG: the fixed validation samples side by side, or what the model made of them at a stored step. */
  runImages(query: { id: string; picture: StoredPicture }): Promise<Uint8Array>;
  /** What a training of the project's model with these settings would take of the memory, and whether it fits. */
  estimateMemory(query: { settings: TrainingSettings }): Promise<MemoryEstimate>;
  prove(query: { model: string }): Promise<Proof>;
  /**
   * The first training samples of the project's model under these settings, as they are and as the first steps would
   * see them: augmented and noisy.
   */
  previewData(query: {
    settings: TrainingSettings;
    samples: number;
    versions: number;
  }): Promise<DataPreview>;
}

/** What the service tells its windows. */
export interface StudioListener extends DataListener, EngineListener {
  runEvents(id: string, events: readonly RunEvent[]): void;
  /** A run was added, changed its state or (null) was removed. */
  runChanged(id: string, summary: RunSummary | null): void;
  /** Another window has changed the project's models or settings. */
  projectChanged(project: Project): void;
}

/** The arguments of each method, as the service checks them. */
export const requests = {
  ...dataRequests,
  ...engineRequests,
  ...rateRequests,
  ...modelRequests,
  ...runControlRequests,
  ...runLibraryRequests,
  snapshot: z.tuple([]),
  saveProject: z.tuple([
    z.strictObject({
      model: z.unknown() as z.ZodType<ModelSpec>,
      training: trainingSettings,
      revision: z.string().max(100).optional(),
    }),
  ]),
  startRun: z.tuple([trainingSettings]),
  stopRun: z.tuple([z.strictObject({ id: runId, discard: z.boolean() })]),
  runModel: z.tuple([z.strictObject({ id: runId })]),
  setTrainable: z.tuple([
    z.strictObject({ id: runId, path: z.string().min(1).max(100_000), trainable: z.boolean() }),
  ]),
  runEvents: z.tuple([
    z.strictObject({
      id: runId,
      after: z.int().nonnegative(),
      most: z.int().positive().optional(),
    }),
  ]),
  runImages: z.tuple([
    z.strictObject({
      id: runId,
      picture: z.union([z.enum(['input', 'other', 'target']), z.int().nonnegative()]),
    }),
  ]),
  estimateMemory: z.tuple([z.strictObject({ settings: trainingSettings })]),
  prove: z.tuple([z.strictObject({ model: z.string().min(1) })]),
  previewData: z.tuple([
    z.strictObject({
      settings: trainingSettings,
      samples: z.int().min(1).max(64),
      versions: z.int().min(1).max(64),
    }),
  ]),
} satisfies { [M in keyof StudioService]: z.ZodType<Parameters<StudioService[M]>> };
