import { interpret } from '../../../shared/program/interpreter/interpret.ts';
import type { Program } from '../../../shared/program/program.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import type { PredictProgram } from '../predict-program.ts';
import type { OpenedFile } from './opened.ts';

/** A file whose program is run by the plain interpreter, with ends of these names. */
export function interpreted(
  runtime: string,
  program: Program,
  values: NamedTensors,
  { inputs, outputs }: Pick<PredictProgram, 'inputs' | 'outputs'>,
): OpenedFile {
  return {
    runtime,
    run(given) {
      const feeds = Object.fromEntries(inputs.map(({ name }, i) => [name, given[i]!]));
      const results = interpret(program, values, feeds);
      return Promise.resolve(outputs.map(({ name }) => results[name]!));
    },
    close: () => {},
  };
}
