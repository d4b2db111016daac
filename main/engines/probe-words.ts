/** How a probe's process ended, in plain words, with the last line that it wrote. */
export function explainExit(
  { code, signal }: { readonly code: number | null; readonly signal: string | null },
  lastWords: string,
): string {
  const last = lastWords.split('\n').at(-1)?.trim();
  const words = last ? `; its last words: ${last}` : '';
  if (signal === 'SIGILL')
    return `it crashed (SIGILL): its library was built for another processor${words}`;
  if (signal !== null) return `it crashed (${signal})${words}`;
  if (code === null) return `its process could not be started${words}`;
  return `its process ended with code ${code}${words}`;
}

/** Why TensorFlow computes on the CPU in place of the GPU, from what it wrote when it looked for libraries. */
export function missingLibraries(lastWords: string): string {
  const names = [...lastWords.matchAll(/Could not load dynamic library '([^']+)'/g)].map(
    ([, name]) => name!,
  );
  const found = [...new Set(names)].filter((name) => !name.startsWith('libnvinfer'));
  return found.length > 0
    ? `it computes on the CPU: the GPU needs CUDA 11.2 and cuDNN 8.1, and ${found.join(', ')} could not be loaded`
    : 'it computes on the CPU: TensorFlow found no GPU that it can use';
}

/** An engine's error in plain words where it is one that people meet; else its first line. */
export function explainError(message: string): string {
  if (/No supported adapters|Failed to get a WebGPU adapter/.test(message))
    return 'WebGPU found no GPU that it can use; it takes no software adapter';
  const library = /(lib[\w.+-]+): cannot open shared object file/.exec(message);
  if (library)
    return `${library[1]} could not be loaded${/cuda/i.test(message) ? ': it needs CUDA 12 and cuDNN 9' : ''}`;
  return message.split('\n')[0]!;
}
