import type { Engine, Executable, Variables } from '../../main/engines/engine.ts';
import type { Program } from '../../shared/program/program.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { interpret } from '../reference/interpret.ts';
import type { Numbers } from '../reference/numbers.ts';

type Named = Readonly<Record<string, Numbers>>;

/** Variables, and programs that run on them. */
export interface Session {
  /** Runs a program once and gives its outputs; updated variables stay for the next run. */
  run(program: Program, feeds: NamedTensors): Promise<Named>;
  /** The variables' current values. */
  values(): Promise<Named>;
  close(): Promise<void>;
}

/** What golden cases are computed with. */
export interface Runner {
  readonly name: string;
  open(variables: NamedTensors): Promise<Session>;
  close(): Promise<void>;
}

/** The reference: plain loops in double precision. */
export const interpreter: Runner = reference('reference', (result) => result);

/** The reference with each result rounded to single precision: what single precision can tell, whoever computes. */
export const singlePrecision: Runner = reference('single precision', (result) =>
  result.dtype === 'float32' ? { ...result, data: Float32Array.from(result.data) } : result,
);

function reference(name: string, round: (result: Numbers) => Numbers): Runner {
  return {
    name,
    async open(variables) {
      let values: Record<string, Numbers> = { ...variables };
      return {
        async run(program, feeds) {
          const { outputs, updates } = interpret(program, values, feeds, round);
          values = { ...values, ...updates };
          return outputs;
        },
        values: async () => values,
        close: async () => {},
      };
    },
    close: async () => {},
  };
}

/** An engine. Throws an Error that names the operations when it can't run a program. */
export function engineRunner(engine: Engine): Runner {
  return {
    name: engine.name,
    async open(initial) {
      const variables: Variables = await engine.variables(initial);
      const compiled = new Map<Program, Executable>();
      return {
        async run(program, feeds) {
          const missing = engine.unsupported(program);
          if (missing.length > 0) throw new Error(`${engine.name} can't run ${missing.join(', ')}`);
          const executable = compiled.get(program) ?? (await engine.compile(program));
          compiled.set(program, executable);
          return executable.run(variables, feeds);
        },
        values: () => variables.read(),
        async close() {
          for (const executable of compiled.values()) await executable.dispose();
          variables.dispose();
        },
      };
    },
    close: () => engine.dispose(),
  };
}
