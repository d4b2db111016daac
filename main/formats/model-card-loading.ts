import type { PredictProgram } from './predict-program.ts';

/** How to load the model from each format, as Markdown: the file's name with the format's ending, and the ends' names. */
export function waysToLoad(file: string, { inputs, outputs }: PredictProgram): string[] {
  const python = (text: string) => JSON.stringify(text);
  const shape = (dims: readonly (number | null)[]) => dims.map((dim) => dim ?? 1).join(', ');
  const array = ({ shape: dims, dtype }: (typeof inputs)[number]) =>
    `np.zeros((${shape(dims)}${dims.length === 1 ? ',' : ''}), np.${dtype === 'bool' ? 'bool_' : dtype})`;
  const named = inputs.map((port) => `${python(port.name)}: ${array(port)}`).join(', ');
  const listed = inputs.map(array).join(', ');
  const given = inputs.length === 1 ? listed : `[${listed}]`;
  const tfjs = inputs.map(({ shape: dims }) => `tf.zeros([${shape(dims)}])`).join(', ');
  const feeds = inputs
    .map(({ name, shape: dims, dtype }) => {
      const count = dims.reduce<number>((product, dim) => product * (dim ?? 1), 1);
      const type = { float32: 'Float32Array', int32: 'Int32Array', bool: 'Uint8Array' }[dtype];
      return `${JSON.stringify(name)}: new ort.Tensor('${dtype}', new ${type}(${count}), [${shape(dims)}])`;
    })
    .join(', ');
  const first = JSON.stringify(outputs[0]!.name);
  return [
    'Each needs the file of its own format, which `matryoshka export` writes.',
    ...example('Keras 3 (`.keras`, `.h5`)', 'python', [
      'import keras, numpy as np',
      `model = keras.models.load_model(${python(`${file}.keras`)})`,
      `model.predict(${given})`,
    ]),
    ...example('ONNX Runtime (`.onnx`)', 'python', [
      'import numpy as np, onnxruntime as ort',
      `session = ort.InferenceSession(${python(`${file}.onnx`)})`,
      `session.run(None, {${named}})`,
    ]),
    ...example('ONNX Runtime in JavaScript (`.onnx`)', 'js', [
      "import * as ort from 'onnxruntime-node'; // or onnxruntime-web",
      `const session = await ort.InferenceSession.create(${JSON.stringify(`${file}.onnx`)});`,
      `const results = await session.run({ ${feeds} });`,
      `results[${first}].data;`,
    ]),
    ...example('TensorFlow.js (a folder with `model.json`)', 'js', [
      "import * as tf from '@tensorflow/tfjs';",
      `const model = await tf.loadLayersModel(${JSON.stringify(`${file}/model.json`)});`,
      `model.predict(${inputs.length === 1 ? tfjs : `[${tfjs}]`});`,
    ]),
    ...example('LiteRT, TensorFlow Lite (`.tflite`)', 'python', [
      'import numpy as np',
      'from ai_edge_litert.interpreter import Interpreter',
      `run = Interpreter(${python(`${file}.tflite`)}).get_signature_runner()`,
      inputs.every(({ name }) => /^[A-Za-z_]\w*$/.test(name))
        ? `run(${inputs.map((port) => `${port.name}=${array(port)}`).join(', ')})`
        : `run(**{${named}})`,
    ]),
    `### A browser (\`.html\`)\n\nOpen \`${file}.html\`; it needs nothing else.`,
    ...example('The weights alone (`.safetensors`)', 'python', [
      'from safetensors.numpy import load_file',
      `weights = load_file(${python(`${file}.safetensors`)})`,
    ]),
  ];
}

function example(title: string, language: string, lines: readonly string[]): string[] {
  return [`### ${title}`, ['```' + language, ...lines, '```'].join('\n')];
}
