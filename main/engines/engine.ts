import type { NamedTensors } from '../../shared/program/tensor.ts';
import type { Program } from '../../shared/program/program.ts';

/** The names of the engines. */
export type EngineName = 'tensorflow' | 'onnx';

/** What an engine computes on. */
export interface DeviceInfo {
  readonly kind: 'cpu' | 'gpu';
  /** For people: `CPU, 2 threads`, `NVIDIA GeForce RTX 4090`. */
  readonly name: string;
  /** The library's own way to it: `cpu`, `cuda`, `webgpu`, `tfjs-node`, `javascript`. */
  readonly provider: string;
  /** Bytes of its memory, where they are known. */
  readonly memory?: number;
  /** Of a GPU: whether variables stay in its memory between runs, or go to and fro. */
  readonly holdsVariables?: boolean;
}

/** Is told, and waited for, before each part of the work of compiling a program. */
export type Compiling = (part: 'lower' | 'optimize') => Promise<void>;

/** Runs programs on a device. One process uses one engine. */
export interface Engine {
  readonly name: EngineName;
  readonly device: DeviceInfo;
  /** The operations of the program that this engine can't run, by name; empty when it can run all. */
  unsupported(program: Program): string[];
  /** Puts variables on the device. They live until `dispose`. */
  variables(initial: NamedTensors): Promise<Variables>;
  /** Prepares a program. Throws an Error that names the operation when it can't be run. */
  compile(program: Program, tell?: Compiling): Promise<Executable>;
  dispose(): Promise<void>;
}

/** Named tensors on the device: the weights, optimizer slots and counters that programs read and update. */
export interface Variables {
  /** Copies of the current values; of all variables unless told. */
  read(names?: readonly string[]): Promise<NamedTensors>;
  /** Replaces values; each must have the shape and type that its variable has. */
  write(values: NamedTensors): Promise<void>;
  /** Puts variables beside those that are there, which stay as they are. */
  add(values: NamedTensors): Promise<void>;
  dispose(): void;
}

/** A program ready to run, at any batch size. */
export interface Executable {
  /**
   * Runs the program once: reads and updates `variables`, gives its outputs. `feeds` hold every `feed` and `random`
   * of the program by name. When it throws, the variables are as before. Runs are not concurrent.
   */
  run(variables: Variables, feeds: NamedTensors): Promise<NamedTensors>;
  dispose(): Promise<void>;
}
