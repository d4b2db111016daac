import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Engine, EngineName } from './engine.ts';
import { CAN_HOLD, createOnnxEngine } from './onnx/engine.ts';
import { createTensorflowEngine } from './tensorflow/engine.ts';
import { missingPackage, type TensorflowProvider } from './tensorflow/load.ts';

/** An engine by one of the ways to its device. */
export interface Candidate {
  readonly engine: EngineName;
  /** `tfjs-node-gpu`, `tfjs-node`, `javascript`; ONNX Runtime's `cpu`, `cuda`, `webgpu`, `dml`, `coreml`. */
  readonly provider: string;
}

/** ONNX Runtime's providers beside its CPU, by platform. */
const ONNX_GPU: Readonly<Record<string, readonly string[]>> = {
  'linux-x64': ['cuda', 'webgpu'],
  'win32-x64': ['dml', 'webgpu'],
  'win32-arm64': ['dml', 'webgpu'],
  'darwin-arm64': ['coreml', 'webgpu'],
};

/** What there can be on this platform, installed or not. */
export function listCandidates(): Candidate[] {
  const platform = `${process.platform}-${process.arch}`;
  return [
    ...['cpu', ...(ONNX_GPU[platform] ?? [])].map((provider): Candidate => ({
      engine: 'onnx',
      provider,
    })),
    ...['tfjs-node-gpu', 'tfjs-node', 'javascript'].map((provider): Candidate => ({
      engine: 'tensorflow',
      provider,
    })),
  ];
}

/** Why the candidate's files aren't here and what the user can do, or null when they are. Only looks at files. */
export function missingParts({ engine, provider }: Candidate): string | null {
  if (engine === 'onnx') return missingOnnx(provider);
  if (provider === 'javascript') return null;
  return missingPackage(provider as Exclude<TensorflowProvider, 'javascript'>);
}

function missingOnnx(provider: string): string | null {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  } catch {
    return 'onnxruntime-node is not installed. To have it: npm install';
  }
  const cuda = join(folder, 'bin/napi-v6/linux', process.arch, 'libonnxruntime_providers_cuda.so');
  if (provider !== 'cuda' || existsSync(cuda)) return null;
  return (
    "ONNX Runtime's CUDA provider is not installed. " +
    'With an NVIDIA GPU: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node'
  );
}

/** Whether variables of the candidate could stay in a GPU's memory. */
export function canHold({ engine, provider }: Candidate): boolean {
  return engine === 'onnx' && CAN_HOLD.includes(provider);
}

/** How a candidate computes. */
export interface CandidateOptions {
  /** Whether a GPU that can hold variables between runs does so; yes unless told. */
  readonly resident?: boolean;
  /** A folder for what it compiles. */
  readonly cache?: string;
}

/** The candidate as an engine of this process. Throws when it can't be loaded. */
export function createCandidate(
  { engine, provider }: Candidate,
  { resident, cache }: CandidateOptions = {},
): Promise<Engine> {
  return engine === 'onnx'
    ? createOnnxEngine({
        provider,
        ...(resident !== undefined && { resident }),
        ...(cache !== undefined && { cache: join(cache, 'onnx') }),
      })
    : createTensorflowEngine({ provider: provider as TensorflowProvider });
}
