import { readFile } from 'node:fs/promises';
import { interpret } from '../../../shared/program/interpreter/interpret.ts';
import { decodeSafetensors } from '../safetensors.ts';
import { namedVariables } from '../weights-file.ts';
import type { OpenFile } from './opened.ts';

/** The weights of the file, put back into the model. */
export const openWeights: OpenFile = async (target, { program, inputs, outputs }, source) => {
  const { tensors } = decodeSafetensors(await readFile(target), target);
  const values = Object.fromEntries(
    namedVariables(source).map(([name, { key }]) => [key, tensors[name]!]),
  );
  return {
    runtime: "Matryoshka's reader of safetensors",
    run(given) {
      const feeds = Object.fromEntries(inputs.map(({ name }, i) => [name, given[i]!]));
      const results = interpret(program, values, feeds);
      return Promise.resolve(outputs.map(({ name }) => results[name]!));
    },
    close: () => {},
  };
};
