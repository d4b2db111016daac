import type { InferenceSession } from 'onnxruntime-node';
import type { Program } from '../../../shared/program/program.ts';
import type { Engine } from '../engine.ts';
import { OnnxExecutable, runtimeError } from './executable.ts';
import { lowerProgram, unsupportedOperations } from './lower.ts';
import { probeBlockSize } from './probe-blocks.ts';
import { encodeModel } from './proto.ts';
import { defaultThreads } from './threads.ts';
import { OnnxVariables, type MakeTensor } from './variables.ts';

export interface OnnxEngineOptions {
  /** Threads of one operator; one a physical core, at most 8, unless given. */
  readonly threads?: number;
  /** ONNX Runtime's name of the execution provider to compute on. The CPU runs what it can't. */
  readonly provider?: string;
  /** Whether to use ONNX Runtime's blocked images where the processor has them; yes unless told. */
  readonly blocks?: boolean;
  /** Where to write a profile of each program, as ONNX Runtime makes it: the path without its ending. */
  readonly profile?: string;
}

/**
 * An engine that compiles each program as one ONNX graph with ONNX Runtime.
 * Throws when ONNX Runtime can't be loaded, or does not have the provider.
 */
export async function createOnnxEngine(options: OnnxEngineOptions = {}): Promise<Engine> {
  const { InferenceSession, Tensor, listSupportedBackends } = await import('onnxruntime-node');
  const { provider = 'cpu', threads = defaultThreads() } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new RangeError(`threads must be a whole number of at least 1; got ${threads}`);
  const known = listSupportedBackends().map(({ name }) => name);
  if (!known.includes(provider))
    throw new Error(`ONNX Runtime has no provider "${provider}" here, only ${known.join(', ')}`);
  const makeTensor: MakeTensor = ({ shape, dtype, data }) =>
    new Tensor(dtype, data as never, shape);
  const block =
    options.blocks === false || provider !== 'cpu'
      ? null
      : await probeBlockSize(InferenceSession, Tensor);
  const executables = new Set<OnnxExecutable>();
  return {
    name: 'onnx',
    device: {
      kind: provider === 'cpu' ? 'cpu' : 'gpu',
      name: provider === 'cpu' ? `CPU, ${threads} thread${threads > 1 ? 's' : ''}` : provider,
      provider,
    },
    unsupported: unsupportedOperations,
    variables: async (initial) => new OnnxVariables(initial, makeTensor),
    async compile(program: Program) {
      const lacking = unsupportedOperations(program);
      if (lacking.length > 0)
        throw new Error(`ONNX Runtime has no operator for ${lacking.join(', ')} over so many axes`);
      const lowered = lowerProgram(program, block);
      try {
        const session = await InferenceSession.create(
          encodeModel(lowered.model),
          sessionOptions(options, provider, threads),
        );
        const executable = new OnnxExecutable(session, lowered, makeTensor);
        executables.add(executable);
        return executable;
      } catch (error) {
        throw runtimeError('compiling', error);
      }
    },
    async dispose() {
      for (const executable of executables) await executable.dispose();
      executables.clear();
    },
  };
}

/** Waiting threads sleep instead of spinning, which would take a shared machine from everyone else. */
function sessionOptions(
  { profile }: OnnxEngineOptions,
  provider: string,
  threads: number,
): InferenceSession.SessionOptions {
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
