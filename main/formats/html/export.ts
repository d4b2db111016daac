import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { heededOptions, usualExport } from '../../../shared/api/exports.ts';
import type { ImagePreprocessing } from '../../../shared/data/preprocessing.ts';
import { inputShape, inputType } from '../../../shared/keras/input-layer.ts';
import { layerOf } from '../../../shared/keras/spec.ts';
import { nodesOf } from '../../../shared/program/program.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { modelOf, planBy, valueOf, type Exporter, type ExportSource } from '../exporter.ts';
import { predictProgram } from '../predict-program.ts';
import { imagePreparation } from '../preparation.ts';
import { withConstants } from '../static-values.ts';
import { IDS, packProgram, type PageData } from './page-data.ts';

/**
 * One page that runs the model on drawn or dropped images, or on numbers: the program, its weights and what interprets
 * it are in the file, which loads nothing. Images are prepared in it as the training did, or scaled to 0..1 where that
 * is not known.
 */
export const htmlExporter: Exporter = {
  plan: (source) =>
    planBy((notes) => {
      const prepared = pagePreparation(source);
      predictProgram(source, options, prepared);
      const known = imagePreparation(source);
      for (const name of prepared.keys())
        if (!known.has(name))
          notes.push(
            `${name}: how its images were prepared is not known; the page scales them to 0..1`,
          );
    }),
  files(source, variables, _, name) {
    return { [`${name}.html`]: pageOf(source, variables) };
  },
};

const options = heededOptions('html', usualExport);

function pageOf(source: ExportSource, variables: NamedTensors): string {
  const prepared = pagePreparation(source);
  const { inputs, outputs, program, ...predict } = predictProgram(source, options, prepared);
  const used = new Set(nodesOf(program, 'variable').map(({ attrs }) => attrs.name));
  const values = Object.fromEntries(
    predict.variables
      .filter(({ key }) => used.has(key))
      .map((variable) => [variable.key, valueOf(variable, variables)]),
  );
  const { bytes, ...packed } = packProgram(withConstants(program, values));
  const data: PageData = {
    title: source.path.split('/').at(-1)!,
    path: source.path,
    inputs: inputs.map((port) => ({ ...port, image: shown(prepared.get(port.name)) })),
    outputs,
    classes: source.training?.classes ?? [],
    ...packed,
  };
  return document(data, Buffer.from(bytes).toString('base64'));
}

function shown(image: ImagePreprocessing | undefined) {
  return image ? { size: image.size, color: image.color, background: image.background } : null;
}

/** How each input that takes images prepares them: as the training did, or to 0..1. */
export function pagePreparation(source: ExportSource): ReadonlyMap<string, ImagePreprocessing> {
  const found = new Map(imagePreparation(source));
  for (const [id] of layerOf(source.spec, modelOf(source)).graph!.inputs) {
    const layer = layerOf(source.spec, id);
    const [height, width, channels, ...more] = inputShape(layer).slice(1);
    if (found.has(layer.config.name) || inputType(layer) !== 'float32' || more.length > 0) continue;
    if (height == null || width == null || ![1, 3, 4].includes(channels ?? 0)) continue;
    found.set(layer.config.name, {
      kind: 'image',
      size: [height, width],
      fit: 'pad',
      interpolation: 'bilinear',
      color: channels === 1 ? 'grey' : channels === 3 ? 'rgb' : 'rgba',
      background: 0,
      dtype: 'float32',
      scale: 'unit',
      normalize: null,
    });
  }
  return found;
}

/** What a page may do: run its own script and draw, and nothing that needs a network. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src blob: data:";

function document(data: PageData, weights: string): string {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const script = readScript().replaceAll('</script', '<\\/script');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="generator" content="Matryoshka">
<title>${escaped(data.title)}</title>
</head>
<body>
<noscript>This page runs a model with JavaScript, which is switched off here.</noscript>
<script type="application/json" id="${IDS.data}">${json}</script>
<script type="text/plain" id="${IDS.weights}">${weights}</script>
<script id="${IDS.script}">${script}</script>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** The script of every page, as it is built, found from here upwards. Throws where it is not built. */
function readScript(folder = import.meta.dirname): string {
  const file = join(folder, 'dist/page/page.js');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const above = dirname(folder);
  if (above === folder) throw new Error('dist/page/page.js is not built: run npm run build');
  return readScript(above);
}
