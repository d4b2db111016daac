import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { compatible, formatShape, type NamedTensors } from '../../../shared/program/tensor.ts';
import type { Executable, Variables } from '../engine.ts';
import { runtimeError } from './errors.ts';
import type { LoweredProgram, ProgramPort } from './lower.ts';
import type { MakeTensor, OnnxVariables } from './variables.ts';

/** What an executable needs of its engine. */
export interface ExecutableHost {
  /** The device's name, for people. */
  readonly device: string;
  readonly makeTensor: MakeTensor;
  /** Tells variables of this engine from others. */
  readonly isOurs: (variables: Variables) => variables is OnnxVariables;
  /** Takes back the session of an executable that has been disposed of. */
  readonly end: (session: InferenceSession) => Promise<void>;
}

/** A program compiled by ONNX Runtime. */
export class OnnxExecutable implements Executable {
  private session: InferenceSession | null;
  private readonly program: LoweredProgram;
  private readonly host: ExecutableHost;
  private readonly checked = new WeakSet<OnnxVariables>();
  private running = false;

  constructor(session: InferenceSession, program: LoweredProgram, host: ExecutableHost) {
    this.session = session;
    this.program = program;
    this.host = host;
  }

  async run(variables: Variables, feeds: NamedTensors): Promise<NamedTensors> {
    if (!this.session) throw new Error('this program has been disposed');
    if (this.running) throw new Error('this program is running; runs are not concurrent');
    if (!this.host.isOurs(variables)) throw new TypeError('the variables belong to another engine');
    this.check(variables);
    const { program } = this;
    const inputs: Record<string, Tensor> = {};
    for (const [name, port] of Object.entries(program.variables))
      inputs[port.name] = variables.reading(name);
    for (const [name, port] of Object.entries(program.feeds))
      inputs[port.name] = this.host.makeTensor(checkedFeed(name, port, feeds));
    const fetches: Record<string, Tensor | null> = {};
    for (const port of Object.values(program.outputs)) fetches[port.name] = null;
    for (const [name, port] of Object.entries(program.updates))
      fetches[port.name] = variables.writing(name);
    this.running = true;
    try {
      const results = (await this.session.run(inputs, fetches)) as Record<string, Tensor>;
      const named = <T>(
        ports: LoweredProgram['outputs'],
        take: (tensor: Tensor, port: ProgramPort) => T,
      ) =>
        Object.fromEntries(
          Object.entries(ports).map(([name, port]) => [name, take(results[port.name]!, port)]),
        );
      variables.commit(named(program.updates, (tensor) => tensor));
      return named(program.outputs, outputData);
    } catch (error) {
      throw runtimeError('running', this.host.device, error);
    } finally {
      this.running = false;
    }
  }

  async dispose(): Promise<void> {
    const { session } = this;
    this.session = null;
    if (session) await this.host.end(session);
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

function outputData({ dims, data }: Tensor, { dtype }: ProgramPort): NamedTensors[string] {
  return { shape: [...dims], dtype, data: data as NamedTensors[string]['data'] };
}
