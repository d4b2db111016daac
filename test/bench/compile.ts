import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { openLoop } from './engine-loop.ts';
import { peerModel } from './peer-models.ts';
import { markdownTable } from './stats.ts';

const CASES = {
  'a perceptron of 3,160 x 3,160': peerModel('mlp:3160'),
  'ten convolutions with BatchNormalization': peerModel('deep'),
  'the seed': peerModel('seed'),
  'LSTM 64 over 40 steps': peerModel('lstm'),
};

/** Prints how long training steps take to compile: tracing, gradients, lowering and ONNX Runtime's own work. */
export async function benchCompile(): Promise<void> {
  const rows: string[][] = [];
  for (const [name, peer] of Object.entries(CASES)) {
    const engine = await createOnnxEngine();
    const loop = await openLoop(peer, engine);
    const parameters = loop.compiled.variables.reduce(
      (sum, { shape, trainable }) => sum + (trainable ? shape.reduce((a, b) => a * b, 1) : 0),
      0,
    );
    const [first] = await loop.steps(1, 16);
    rows.push([
      name,
      parameters.toLocaleString('en'),
      loop.compiled.train.nodes.length.toLocaleString('en'),
      (loop.compileTime / 1000).toFixed(2),
      (first! / 1000).toFixed(2),
    ]);
    await loop.close();
    await engine.dispose();
  }
  console.log('\nThe time until a training step is compiled, s\n');
  const heads = ['model', 'parameters', 'operations', 'compiled in', 'first step, batch 16'];
  console.log(markdownTable(heads, rows));
}
