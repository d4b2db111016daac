import { z } from 'zod';

/**
 * An engine by one of the ways to its device, and whether it works on this machine. `matryoshka engines --json` prints
 * a list of these; what is here keeps its name and meaning.
 */
export interface EngineReport {
  readonly engine: 'tensorflow' | 'onnx';
  /** The library's own name of the way: `tfjs-node-gpu`, `tfjs-node`, `javascript`; `cpu`, `cuda`, `webgpu`, `dml`, `coreml`. */
  readonly provider: string;
  readonly installed: boolean;
  /** Whether it computed a small training step, rightly and in time. */
  readonly works: boolean;
  /** Where it works: the device's name, for people. */
  readonly device?: string;
  readonly kind?: 'cpu' | 'gpu';
  /** Bytes of memory of the device, where that is known: of a GPU its own, else the machine's. */
  readonly memory?: number;
  /** Of a GPU whose driver tells: bytes of its memory that are in use, whoever uses them. */
  readonly memoryInUse?: number;
  /** Of a GPU whose driver tells: the share of the time in which it computes, 0 to 1. */
  readonly busy?: number;
  /** Speed of training the seed's autoencoder in batches of 128; there when it was measured. */
  readonly samplesPerSecond?: number;
  /** Why it does not work, not on the device that it is for, or was not measured, and what the user can do. */
  readonly reason?: string;
}

/** How far a survey of the engines is. */
export interface EngineProgress {
  /** How many of `total` are done. */
  readonly done: number;
  readonly total: number;
  /** What was found last; absent at the start. */
  readonly report?: EngineReport;
  /** The engine that is being tried now; absent at the end. */
  readonly next?: { readonly engine: EngineReport['engine']; readonly provider: string };
}

/** What a training takes of the machine, as of the last seconds. Live alone: it is not stored with a run. */
export interface DeviceUsage {
  /** How many processors the trainer's process kept busy, and how many there are. */
  readonly cpu: number;
  readonly processors: number;
  /** Bytes of memory that the trainer's process holds, and that the machine has. */
  readonly memory: number;
  readonly machineMemory: number;
  /** The GPU that the engine computes on, where there is one. */
  readonly gpu?: GpuUsage;
}

/** What a run takes of the machine, now and in the two minutes before. */
export interface RunUsage {
  readonly run: string;
  /** Oldest first. */
  readonly recent: readonly DeviceUsage[];
}

/** How many usages are kept. */
export const USAGE_KEPT = 60;

/** Keeps what a run takes now beside what it took before. */
export function withUsage(before: RunUsage | null, run: string, now: DeviceUsage): RunUsage {
  const known = before?.run === run ? before.recent : [];
  return { run, recent: [...known, now].slice(-USAGE_KEPT) };
}

/** Of a GPU as a whole, whoever uses it; null is what its driver does not tell. */
export interface GpuUsage {
  readonly name: string;
  /** Share of the time in which it computed, 0 to 1. */
  readonly busy: number | null;
  /** Bytes. */
  readonly memory: number | null;
  readonly totalMemory: number | null;
}

/** What the service offers about engines. */
export interface EngineService {
  /**
   * Tries every engine here; with `benchmark` each that works also trains the seed for a moment, which takes minutes.
   * Rejects with the code `SURVEY_ENDED` when `endEngines` ends it.
   */
  engines(how: { benchmark: boolean }): Promise<EngineReport[]>;
  endEngines(): Promise<void>;
  /** Forgets which engines were the fastest for models: the next run of each tries all anew. */
  forgetChoices(): Promise<void>;
}

/** What the service tells about engines. */
export interface EngineListener {
  enginesTried(progress: EngineProgress): void;
  /** Every two seconds for a run that is under way; the latest is enough. */
  deviceUsage(run: string, usage: DeviceUsage): void;
}

/** The arguments of each method, as the service checks them. */
export const engineRequests = {
  engines: z.tuple([z.strictObject({ benchmark: z.boolean() })]),
  endEngines: z.tuple([]),
  forgetChoices: z.tuple([]),
} satisfies { [M in keyof EngineService]: z.ZodType<Parameters<EngineService[M]>> };
