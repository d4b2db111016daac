import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { compatible, formatShape, type NamedTensors } from '../../../shared/program/tensor.ts';
import type { Executable, Variables } from '../engine.ts';
import type { LoweredProgram, ProgramPort } from './lower.ts';
import { OnnxVariables, type MakeTensor } from './variables.ts';

/** A program compiled by ONNX Runtime. */
export class OnnxExecutable implements Executable {
  private session: InferenceSession | null;
  private readonly program: LoweredProgram;
  private readonly makeTensor: MakeTensor;
  private readonly checked = new WeakSet<OnnxVariables>();
  private running = false;

  constructor(session: InferenceSession, program: LoweredProgram, makeTensor: MakeTensor) {
    this.session = session;
    this.program = program;
    this.makeTensor = makeTensor;
  }

  async run(variables: Variables, feeds: NamedTensors): Promise<NamedTensors> {
    if (!this.session) throw new Error('this program has been disposed');
    if (this.running) throw new Error('this program is running; runs are not concurrent');
    if (!(variables instanceof OnnxVariables))
      throw new TypeError('the variables belong to another engine');
    this.check(variables);
    const { program } = this;
    const inputs: Record<string, Tensor> = {};
    for (const [name, port] of Object.entries(program.variables))
      inputs[port.name] = variables.reading(name);
    for (const [name, port] of Object.entries(program.feeds))
      inputs[port.name] = this.makeTensor(checkedFeed(name, port, feeds));
    const fetches: Record<string, Tensor | null> = {};
    for (const port of Object.values(program.outputs)) fetches[port.name] = null;
    for (const [name, port] of Object.entries(program.updates))
      fetches[port.name] = variables.writing(name);
    this.running = true;
    try {
      const results = (await this.session.run(inputs, fetches)) as Record<string, Tensor>;
      variables.commit(Object.keys(program.updates));
      return Object.fromEntries(
        Object.entries(program.outputs).map(([name, port]) => [
          name,
          outputData(port, results[port.name]!),
        ]),
      );
    } catch (error) {
      throw runtimeError('running', error);
    } finally {
      this.running = false;
    }
  }

  async dispose(): Promise<void> {
    const { session } = this;
    this.session = null;
    await session?.release();
  }

  /** Whether the program's variables are all there, with the shapes and types that it expects. */
  private check(variables: OnnxVariables): void {
    if (this.checked.has(variables)) return;
    for (const ports of [this.program.variables, this.program.updates])
      for (const [name, { shape, dtype }] of Object.entries(ports)) {
        const type = variables.type(name);
        if (type.dtype !== dtype || !compatible(shape, type.shape))
          throw new RangeError(
            `the program has variable "${name}" as ${dtype} ${formatShape(shape)}; it is ${type.dtype} ${formatShape(type.shape)}`,
          );
      }
    this.checked.add(variables);
  }
}

function checkedFeed(name: string, { shape, dtype }: ProgramPort, feeds: NamedTensors) {
  const value = feeds[name];
  const expected = `${dtype} ${formatShape(shape)}`;
  if (!value) throw new RangeError(`feed "${name}" is missing; expected ${expected}`);
  if (value.dtype !== dtype || !compatible(shape, value.shape))
    throw new RangeError(
      `feed "${name}": expected ${expected}; got ${value.dtype} ${formatShape(value.shape)}`,
    );
  return value;
}

function outputData({ dtype }: ProgramPort, { dims, data }: Tensor): NamedTensors[string] {
  return { shape: [...dims], dtype, data: data as NamedTensors[string]['data'] };
}

/** ONNX Runtime's error in our words; the nodes of a lowered program are named `operation@number/operator`. */
export function runtimeError(doing: 'compiling' | 'running', error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const node = /([A-Za-z0-9]+)@(\d+)\/(\w+)/.exec(message);
  const where = node ? `operation ${node[1]} (value ${node[2]} of the program)` : 'the program';
  return new Error(`ONNX Runtime failed while ${doing} ${where}: ${message}`, { cause: error });
}
