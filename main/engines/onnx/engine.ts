import type { InferenceSession } from 'onnxruntime-node';
import type { Program } from '../../../shared/program/program.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { openCache } from '../content-cache.ts';
import type { Compiling, DeviceInfo, Engine, Variables } from '../engine.ts';
import { defaultThreads } from '../threads.ts';
import { DeviceVariables } from './device-variables.ts';
import { runtimeError } from './errors.ts';
import { OnnxExecutable } from './executable.ts';
import { Ferry } from './ferry.ts';
import { lowerProgram, unsupportedOperations, type LoweredProgram } from './lower.ts';
import { probeBlockSize } from './probe-blocks.ts';
import { encodeModel } from './proto.ts';
import { createCachedSession, type OnnxRuntime, type SessionOptions } from './session.ts';
import { HostVariables, type MakeTensor, type OnnxVariables } from './variables.ts';

export interface OnnxEngineOptions {
  /** Threads of one operator; `defaultThreads` unless given. */
  readonly threads?: number;
  /** ONNX Runtime's name of the execution provider to compute on. The CPU runs what it can't. */
  readonly provider?: string;
  /**
   * Whether variables stay on the device between runs; yes unless told, where ONNX Runtime's binding for Node.js can
   * hold them there. That is WebGPU: of CUDA, DirectML and CoreML it takes and gives tensors in the computer's memory only.
   */
  readonly resident?: boolean;
  /** Whether to use ONNX Runtime's blocked images where the processor has them; yes unless told. */
  readonly blocks?: boolean;
  /** Where to write a profile of each program, as ONNX Runtime makes it: the path without its ending. */
  readonly profile?: string;
  /** A folder for graphs that ONNX Runtime has optimized. */
  readonly cache?: string;
  /** ONNX Runtime, unless it is to be loaded. */
  readonly runtime?: OnnxRuntime;
}

/** The providers whose memory ONNX Runtime's binding for Node.js can hold tensors in: js/node/src/tensor_helper.cc. */
export const CAN_HOLD: readonly string[] = ['webgpu'];

/**
 * An engine that compiles each program as one ONNX graph with ONNX Runtime.
 * Throws when ONNX Runtime can't be loaded, or does not have the provider.
 */
export async function createOnnxEngine(options: OnnxEngineOptions = {}): Promise<Engine> {
  const runtime = options.runtime ?? (await import('onnxruntime-node'));
  const { InferenceSession, Tensor, listSupportedBackends } = runtime;
  const { provider = 'cpu', threads = defaultThreads() } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new RangeError(`threads must be a whole number of at least 1; got ${threads}`);
  const known = listSupportedBackends().map(({ name }) => name);
  if (!known.includes(provider))
    throw new Error(`ONNX Runtime has no provider "${provider}" here, only ${known.join(', ')}`);
  const makeTensor: MakeTensor = ({ shape, dtype, data }) =>
    new Tensor(dtype, data as never, shape);
  const onCpu = provider === 'cpu';
  const block =
    options.blocks === false || !onCpu ? null : await probeBlockSize(InferenceSession, Tensor);
  const resident = CAN_HOLD.includes(provider) && options.resident !== false;
  const device: DeviceInfo = {
    kind: onCpu ? 'cpu' : 'gpu',
    name: onCpu ? `CPU, ${threads} thread${threads > 1 ? 's' : ''}` : provider,
    provider,
    ...(!onCpu && { holdsVariables: resident }),
  };
  const usual = sessionOptions(options, provider, threads);
  const cache = options.cache === undefined || !onCpu ? null : openCache(options.cache);
  const ferry = new Ferry(
    (model, stay) =>
      InferenceSession.create(model, {
        ...usual,
        graphOptimizationLevel: 'disabled',
        ...(stay && { preferredOutputLocation: 'gpu-buffer' }),
      }),
    makeTensor,
  );
  const executables = new Set<OnnxExecutable>();
  const placed = new Set<OnnxVariables>();
  const isOurs = (variables: Variables): variables is OnnxVariables =>
    placed.has(variables as OnnxVariables);
  /** Sessions whose results may still lie on the device: they must outlive these. */
  const ended: InferenceSession[] = [];

  function createSession({ model, updates }: LoweredProgram): Promise<InferenceSession> {
    const stay = resident ? Object.values(updates) : [];
    const locations = Object.fromEntries(stay.map(({ name }) => [name, 'gpu-buffer'] as const));
    const encoded = { bytes: encodeModel(model), nodes: model.nodes.length };
    const placing = stay.length > 0 ? { ...usual, preferredOutputLocation: locations } : usual;
    return createCachedSession(runtime, encoded, placing, options.profile ? null : cache);
  }

  return {
    name: 'onnx',
    device,
    unsupported: unsupportedOperations,
    async variables(initial: NamedTensors) {
      try {
        const variables = resident
          ? await DeviceVariables.place(initial, ferry)
          : new HostVariables(initial, makeTensor);
        placed.add(variables);
        return variables;
      } catch (error) {
        throw runtimeError('placing the variables of', device.name, error);
      }
    },
    async compile(program: Program, tell?: Compiling) {
      const lacking = unsupportedOperations(program);
      if (lacking.length > 0)
        throw new Error(`ONNX Runtime has no operator for ${lacking.join(', ')} over so many axes`);
      await tell?.('lower');
      const lowered = lowerProgram(program, block);
      await tell?.('optimize');
      try {
        const session = await createSession(lowered);
        const executable = new OnnxExecutable(session, lowered, {
          device: device.name,
          makeTensor,
          isOurs,
          end: async (session) => {
            executables.delete(executable);
            if (resident) ended.push(session);
            else await session.release();
          },
        });
        executables.add(executable);
        return executable;
      } catch (error) {
        throw runtimeError('compiling', device.name, error);
      }
    },
    async dispose() {
      for (const variables of placed) variables.dispose();
      placed.clear();
      for (const executable of [...executables]) await executable.dispose();
      for (const session of ended.splice(0)) await session.release();
      await ferry.dispose();
    },
  };
}

/** Waiting threads sleep instead of spinning, which would take a shared machine from everyone else. */
function sessionOptions(
  { profile }: OnnxEngineOptions,
  provider: string,
  threads: number,
): SessionOptions {
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
  };
}
