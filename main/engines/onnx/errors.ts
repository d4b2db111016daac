import { StudioError } from '../../../shared/api/errors.ts';
import { messageOf } from '../../../shared/api/message.ts';

const OUT_OF_MEMORY =
  /out of memory|bad[_ ]alloc|Failed to allocate memory|ALLOC_FAILED|8007000E|Array buffer allocation failed|not enough memory/i;

/** A GPU that was reset, unplugged or whose driver gave up, in the words of CUDA, Direct3D, Metal and WebGPU. */
const DEVICE_LOST =
  /device (?:is |was )?lost|DEVICE_(?:REMOVED|HUNG|RESET)|887A000[567]|illegal memory access|unspecified launch failure|launch timed out|device-side assert|devices? unavailable|Insufficient Permission \(to submit GPU work/i;

/**
 * ONNX Runtime's error in our words, with the code `OUT_OF_MEMORY` or `DEVICE_LOST` where it is one of these. The
 * nodes of a lowered program are named `operation@number/operator`.
 */
export function runtimeError(
  doing: 'compiling' | 'running' | 'placing the variables of',
  device: string,
  error: unknown,
): Error {
  const message = messageOf(error);
  const node = /([A-Za-z0-9]+)@(\d+)\/(\w+)/.exec(message);
  const where = node ? `operation ${node[1]} (value ${node[2]} of the program)` : 'the program';
  if (OUT_OF_MEMORY.test(message))
    return withCode(
      'OUT_OF_MEMORY',
      `the memory of ${device} is not enough for ${doing} ${where}; a smaller batch size or model needs less (ONNX Runtime: ${message})`,
      error,
    );
  if (DEVICE_LOST.test(message))
    return withCode(
      'DEVICE_LOST',
      `${device} stopped working while ${doing} ${where}; its driver may have been reset (ONNX Runtime: ${message})`,
      error,
    );
  return new Error(`ONNX Runtime failed while ${doing} ${where}: ${message}`, { cause: error });
}

function withCode(code: string, message: string, cause: unknown): StudioError {
  const error = new StudioError(code, message);
  error.cause = cause;
  return error;
}
