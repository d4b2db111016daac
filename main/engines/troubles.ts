import type { EngineName } from './engine.ts';

/** What a library's own words mean, and what the user can do. */
interface Trouble {
  readonly sign: RegExp;
  readonly say: (match: RegExpMatchArray, words: string) => string;
}

const OTHER_ENGINE = 'The onnx engine does without';
const BUILT_FOR_ANOTHER =
  'its library was built for another processor or system; the onnx engine may have one for this';

/** The GPU that TensorFlow says it made a device of: `NVIDIA H100 PCIe (compute capability 9.0)`. */
function gpuIn(words: string): string {
  const made = /name: ([^,\n]+), pci bus id: [^,\n]+, compute capability: ([\d.]+)/.exec(words);
  return made ? `the ${made[1]} (compute capability ${made[2]})` : 'the GPU';
}

const tooNew: Trouble['say'] = (_, words) =>
  `${gpuIn(words)} is newer than the CUDA 11.2 of this package, which was built for GPUs up to compute capability 8.6. ` +
  'Take the onnx engine for it';

/**
 * Why libtensorflow 2.9.1 takes no GPU, or fails on it, by the lines that it writes; the first that fits is said.
 * Drivers come before libraries, for without a driver the libraries don't matter.
 */
const GPU_TROUBLES: readonly Trouble[] = [
  {
    sign: /kernel version (\S+) does not match DSO version (\S+)/,
    say: ([, kernel, library]) =>
      `the parts of the NVIDIA driver differ (kernel module ${kernel}, library ${library}), as after an update. ` +
      'Restart the machine',
  },
  {
    sign: /CUDA driver version is insufficient|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH/,
    say: () =>
      'the NVIDIA driver is too old. Update it: CUDA 11.2 needs 450.80 or newer on Linux, 452.39 or newer on Windows',
  },
  {
    sign: /Could not load dynamic library '(?:libcuda\.so[^']*|nvcuda\.dll)'/,
    say: () =>
      `there is no NVIDIA driver. Where there is an NVIDIA GPU, install its driver, CUDA 11.2 and cuDNN 8.1. ${OTHER_ENGINE}`,
  },
  {
    sign: /Could not load dynamic library '(?!libnvinfer|nvinfer)/,
    say: (_, words) => {
      const named = [...words.matchAll(/Could not load dynamic library '([^']+)'/g)];
      const names = [...new Set(named.map(([, name]) => name!))];
      const missing = names.filter((name) => !/^(lib)?nvinfer/.test(name)).join(', ');
      return (
        `the GPU needs CUDA 11.2 and cuDNN 8.1, and ${missing} could not be loaded. Install them, and name their ` +
        `folder in ${process.platform === 'win32' ? 'PATH' : 'LD_LIBRARY_PATH'}. ${OTHER_ENGINE}`
      );
    },
  },
  {
    sign: /Could not locate zlibwapi\.dll/,
    say: () =>
      'cuDNN needs zlibwapi.dll. Put it into a folder of PATH, as the installation guide of cuDNN says',
  },
  {
    sign: /Ignoring visible gpu device \(device: \d+, name: ([^,]+),.*?The minimum required Cuda capability is ([\d.]+\d)/,
    say: ([, name, least], words) => {
      const own = /compute capability: ([\d.]+)\)/.exec(words)?.[1];
      return `the ${name} is too old: it has compute capability ${own}, and TensorFlow needs ${least} or more`;
    },
  },
  {
    sign: /CUDA_ERROR_(?:OUT_OF_MEMORY)|OOM when allocating|CUDNN_STATUS_ALLOC_FAILED/,
    say: (_, words) =>
      `the memory of ${gpuIn(words)} is full. Close what else uses it (nvidia-smi lists it)`,
  },
  {
    sign: /CUDA_ERROR_(?:INVALID_PTX|INVALID_HANDLE|NO_BINARY_FOR_GPU|INVALID_IMAGE|UNSUPPORTED_PTX_VERSION)|no kernel image is available|device kernel image is invalid/,
    say: tooNew,
  },
  { sign: /not built with CUDA kernel binaries compatible with compute capability/, say: tooNew },
  {
    sign: /Loaded runtime CuDNN library: (\S+) but source was compiled with: (\d+\.\d+)/,
    say: ([, found, wanted]) =>
      `cuDNN ${found} was found where ${wanted} is needed. Install cuDNN ${wanted} for CUDA 11.2`,
  },
  {
    sign: /(CUDNN_STATUS_\w+)/,
    say: ([, status]) =>
      `cuDNN does not start (${status}). Install cuDNN 8.1 for CUDA 11.2, and see that the GPU's memory is free`,
  },
  {
    sign: /CUDA_ERROR_NO_DEVICE/,
    say: () =>
      'no NVIDIA GPU can be seen. Where there is one, look at CUDA_VISIBLE_DEVICES, and whether nvidia-smi lists it',
  },
  {
    sign: /failed call to cuInit: ([^\n]+)/,
    say: ([, status]) =>
      `the NVIDIA driver does not start (${status!.trim()}). Restart the machine or install the driver again`,
  },
];

/** What libtensorflow said about GPUs, in plain words; null where it said nothing of them. */
export function gpuTrouble(words: string): string | null {
  return firstThatFits(GPU_TROUBLES, words);
}

/** Why a native library could not be loaded, by what the system's loader says, on each system. */
const LOADING_TROUBLES: readonly (Trouble & { readonly of?: EngineName })[] = [
  {
    of: 'onnx',
    sign: /No supported adapters|Failed to get a WebGPU adapter/,
    say: (_, words) =>
      'WebGPU found no GPU that it can use; it takes no software adapter' +
      (/libvulkan[\w.]*: cannot open/.test(words)
        ? '. Where there is a GPU, install its driver and the Vulkan loader (libvulkan1)'
        : ''),
  },
  {
    sign: /compiled to use (AVX\d?|FMA|SSE[\d.]+)\b[^\n]*aren't available/,
    say: ([, instructions]) =>
      `this processor has no ${instructions}, which TensorFlow was built for. ${OTHER_ENGINE}`,
  },
  {
    sign: /version [`'](GLIBC(?:XX)?_[\d.]+)' not found/,
    say: ([, version]) =>
      `this system is too old for it: it needs ${version}. Use a newer release of the system, or another engine`,
  },
  {
    // The loader says so of the addon itself, which is there, when it is for another processor.
    sign: /\.node: cannot open shared object file|wrong ELF class|incompatible architecture|no suitable image found/,
    say: () => BUILT_FOR_ANOTHER,
  },
  {
    of: 'onnx',
    sign: /(lib(?:cu|nv)[\w.+-]+): cannot open shared object file/,
    say: ([, library]) => `${library} could not be loaded: it needs CUDA 12 and cuDNN 9`,
  },
  {
    sign: /(lib[\w.+-]+): cannot open shared object file|Library not loaded: \S*?([\w.+-]+dylib)/,
    say: ([, so, dylib]) => `${so ?? dylib} could not be loaded`,
  },
  {
    sign: /invalid ELF header|file too short|not a mach-o file|not a valid Win32 application|truncated/,
    say: () => 'its native file is damaged or not for this system',
  },
  {
    sign: /The specified (?:module|procedure) could not be found/,
    say: () =>
      'a library beside its native file could not be loaded. See that tensorflow.dll lies beside it (it may be in ' +
      "the package's deps\\lib), and that the Visual C++ Redistributable is installed",
  },
  {
    sign: /NODE_MODULE_VERSION|did not self-register/,
    say: () => 'its native file was built for another version of Node.js',
  },
];

/** What can be repaired by fetching the package's native files again: they are damaged, or a part is missing. */
const DAMAGED =
  /damaged|lib(?:tensorflow|onnxruntime)\S* could not be loaded$|another version of Node/;

/** Why an engine's library could not be loaded, in plain words, and what the user can do; null for any other error. */
export function loadingTrouble(engine: EngineName, provider: string, words: string): string | null {
  const known = LOADING_TROUBLES.filter(({ of }) => of === undefined || of === engine);
  const trouble = firstThatFits(known, words);
  if (trouble === null || !DAMAGED.test(trouble)) return trouble;
  const name = engine === 'onnx' ? 'onnxruntime-node' : `@tensorflow/${provider}`;
  return `${trouble}. To fetch it again: npm rebuild ${name}`;
}

function firstThatFits(troubles: readonly Trouble[], words: string): string | null {
  for (const { sign, say } of troubles) {
    const match = sign.exec(words);
    if (match) return say(match, words);
  }
  return null;
}
