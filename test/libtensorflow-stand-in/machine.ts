import { writeSync } from 'node:fs';
import { failed } from './tensor.ts';

/** The variable that says on which machine the library seems to be; a CPU alone unless it is set. */
export const MACHINE_VARIABLE = 'LIBTENSORFLOW_STAND_IN';

/** How the library behaves on a machine. */
interface Machine {
  /** What it writes to its error output when it looks for devices: the library's own words. */
  readonly words?: readonly string[];
  /** Whether it lists a GPU. */
  readonly gpu?: true;
  /** What happens at the first operation. */
  readonly fault?: 'hangs' | 'aborts' | 'invalid handle' | 'no memory';
}

const STAMP = '2024-05-14 09:12:33.471625:';
const DSO = `${STAMP} W tensorflow/stream_executor/platform/default/dso_loader.cc:64]`;
const DEVICE = `${STAMP} I tensorflow/core/common_runtime/gpu/gpu_device.cc`;
const DRIVER = `${STAMP} E tensorflow/stream_executor/cuda/cuda_driver.cc:271]`;
const DIAGNOSTICS = 'tensorflow/stream_executor/cuda/cuda_diagnostics.cc';

const cannotLoad = (library: string) =>
  `${DSO} Could not load dynamic library '${library}'; dlerror: ${library}: cannot open shared object file: ` +
  'No such file or directory; LD_LIBRARY_PATH: /usr/local/cuda/lib64';
const SKIPPING =
  `${DEVICE}:1850] Cannot dlopen some GPU libraries. Please make sure the missing libraries mentioned above are ` +
  'installed properly if you would like to use GPU. Follow the guide at https://www.tensorflow.org/install/gpu for ' +
  'how to download and setup the required libraries for your platform.\nSkipping registering GPU devices...';
const device = (name: string, capability: string, megabytes = 22291) =>
  `${DEVICE}:1532] Created device /job:localhost/replica:0/task:0/device:GPU:0 with ${megabytes} MB memory:  -> ` +
  `device: 0, name: ${name}, pci bus id: 0000:01:00.0, compute capability: ${capability}`;
const notBuiltFor = (capability: string) =>
  `${DEVICE}:1963] TensorFlow was not built with CUDA kernel binaries compatible with compute capability ` +
  `${capability}. CUDA kernels will be jit-compiled from PTX, which could take 30 minutes or longer.`;

const MACHINES: Readonly<Record<string, Machine>> = {
  cpu: {},
  gpu: { gpu: true, words: [device('NVIDIA GeForce RTX 3090', '8.6')] },
  'no-cudart': {
    words: [cannotLoad('libcudart.so.11.0'), cannotLoad('libcudnn.so.8'), SKIPPING],
  },
  'no-cudnn': { words: [cannotLoad('libcudnn.so.8'), SKIPPING] },
  'no-driver': {
    words: [
      cannotLoad('libcuda.so.1'),
      `${STAMP} W tensorflow/stream_executor/cuda/cuda_driver.cc:269] failed call to cuInit: UNKNOWN ERROR (303)`,
      `${STAMP} I ${DIAGNOSTICS}:156] kernel driver does not appear to be running on this host (desk): ` +
        '/proc/driver/nvidia/version does not exist',
    ],
  },
  'no-gpu': {
    words: [
      `${DRIVER} failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected`,
    ],
  },
  'driver-mismatch': {
    words: [
      `${DRIVER} failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected`,
      `${STAMP} E ${DIAGNOSTICS}:313] kernel version 515.43.4 does not match DSO version 515.65.1 -- ` +
        'cannot find working devices in this configuration',
    ],
  },
  'old-driver': {
    words: [
      `${STAMP} F tensorflow/core/common_runtime/gpu/gpu_device.cc] cudaGetDevice() failed. Status: ` +
        'CUDA driver version is insufficient for CUDA runtime version',
    ],
    fault: 'aborts',
  },
  'old-gpu': {
    words: [
      `${DEVICE}:1844] Ignoring visible gpu device (device: 0, name: Quadro K4200, pci bus id: 0000:03:00.0, ` +
        'compute capability: 3.0) with Cuda compute capability 3.0. The minimum required Cuda capability is 3.5.',
    ],
  },
  hopper: {
    gpu: true,
    words: [device('NVIDIA H100 PCIe', '9.0', 78000), notBuiltFor('9.0')],
    fault: 'hangs',
  },
  blackwell: {
    gpu: true,
    words: [
      device('NVIDIA GeForce RTX 5080', '12.0', 13500),
      notBuiltFor('12.0'),
      `${STAMP} W tensorflow/compiler/mlir/tools/kernel_gen/tf_gpu_runtime_wrappers.cc:40] ` +
        "'cuModuleLoadData(&module, data)' failed with 'CUDA_ERROR_INVALID_PTX'",
    ],
    fault: 'invalid handle',
  },
  'full-gpu': {
    gpu: true,
    words: [
      device('NVIDIA GeForce RTX 3090', '8.6', 120),
      `${DRIVER} failed to allocate 120.00M (125829120 bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory`,
    ],
    fault: 'no memory',
  },
  'no-avx': {
    words: [
      "The TensorFlow library was compiled to use AVX instructions, but these aren't available on your machine.",
    ],
    fault: 'aborts',
  },
};

/** What the library writes on a machine, all of it. */
export function wordsOf(machine: string): string {
  return MACHINES[machine]!.words!.join('\n');
}

/** The machine that the environment names, after it has said what the library would have said. */
export function enterMachine() {
  const {
    [MACHINE_VARIABLE]: name = 'cpu',
    CUDA_VISIBLE_DEVICES,
    TF_CPP_MIN_LOG_LEVEL,
  } = process.env;
  const named = MACHINES[name];
  if (!named) throw new Error(`the stand-in knows no machine "${name}"`);
  const hidden = CUDA_VISIBLE_DEVICES === '-1' && name !== 'no-avx';
  const machine: Machine = hidden ? {} : named;
  // 0: all; 1: no information; 2: no warnings; 3: no errors.
  const level = Number(TF_CPP_MIN_LOG_LEVEL ?? 0);
  const severity = (line: string) => 'IWEF'.indexOf(/^\S+ \S+: ([IWEF]) /.exec(line)?.[1] ?? 'F');
  for (const line of machine.words ?? []) if (severity(line) >= level) writeSync(2, `${line}\n`);

  return {
    gpu: machine.gpu === true,
    /** What becomes of an operation on this machine. */
    beforeOp(op: string): void {
      switch (machine.fault) {
        case undefined:
          return;
        case 'hangs':
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
          return;
        case 'aborts':
          process.abort();
          return;
        case 'invalid handle':
          throw failed(
            13,
            `'cuLaunchKernel(function, gridX, gridY, gridZ)' failed with 'CUDA_ERROR_INVALID_HANDLE' [Op:${op}]`,
          );
        case 'no memory':
          throw failed(
            8,
            'OOM when allocating tensor with shape[4,2] and type float on /device:GPU:0 by allocator GPU_0_bfc',
          );
      }
    },
  };
}
