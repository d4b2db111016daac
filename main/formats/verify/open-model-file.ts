import { usualExport } from '../../../shared/api/exports.ts';
import { interpret } from '../../../shared/program/interpreter/interpret.ts';
import { layerOf } from '../../../shared/keras/spec.ts';
import { predictProgram } from '../predict-program.ts';
import { readModelFile } from '../read.ts';
import type { OpenFile } from './opened.ts';

/** The model of the file itself, as this project reads it. */
export const openModelFile: OpenFile = async (target) => {
  const { spec, model, values } = await readModelFile(target);
  const path = layerOf(spec, model).config.name;
  const { program, inputs, outputs } = predictProgram({ spec, path }, usualExport);
  return {
    runtime: "Matryoshka's own reader",
    run(given) {
      const feeds = Object.fromEntries(inputs.map(({ name }, i) => [name, given[i]!]));
      const results = interpret(program, values, feeds);
      return Promise.resolve(outputs.map(({ name }) => results[name]!));
    },
    close: () => {},
  };
};
