import { usualExport } from '../../../shared/api/exports.ts';
import { layerOf } from '../../../shared/keras/spec.ts';
import { predictProgram } from '../predict-program.ts';
import { readModelFile } from '../read.ts';
import { interpreted } from './interpreted.ts';
import type { OpenFile } from './opened.ts';

/** The model of the file itself, as this project reads it. */
export const openModelFile: OpenFile = async (target) => {
  const { spec, model, values } = await readModelFile(target);
  const path = layerOf(spec, model).config.name;
  const predict = predictProgram({ spec, path }, usualExport);
  return interpreted("Matryoshka's own reader", predict.program, values, predict);
};
