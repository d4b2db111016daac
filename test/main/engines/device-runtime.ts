import * as ort from 'onnxruntime-node';
import type { OnnxRuntime } from '../../../main/engines/onnx/session.ts';

/** What crossed between the computer's memory and the device's, in numbers (not bytes), and what lies there. */
export interface DeviceTraffic {
  up: number;
  down: number;
  /** Buffers on the device that were not disposed of. */
  live: number;
  /** Sessions that were not released. */
  sessions: number;
}

/**
 * ONNX Runtime as it is on a GPU with WebGPU, over its own CPU provider, with what its binding for Node.js can and
 * can't do there: results go to the device where `preferredOutputLocation` says so, a result can't be given a buffer
 * on it, no tensor can be fetched from it, and none may outlive the session that made it.
 */
export function deviceRuntime(): {
  readonly runtime: OnnxRuntime;
  readonly traffic: DeviceTraffic;
} {
  const traffic: DeviceTraffic = { up: 0, down: 0, live: 0, sessions: 0 };
  const sizeOf = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

  class Session {
    private readonly inner: ort.InferenceSession;
    private readonly staying: (name: string) => boolean;
    private readonly made = new Set<object>();
    readonly outputNames: readonly string[];

    private constructor(inner: ort.InferenceSession, staying: (name: string) => boolean) {
      this.inner = inner;
      this.staying = staying;
      this.outputNames = inner.outputNames;
      traffic.sessions += 1;
    }

    static async create(model: Uint8Array, options: ort.InferenceSession.SessionOptions) {
      const { preferredOutputLocation: at, ...others } = options;
      const staying = (name: string) => (typeof at === 'object' ? at[name] : at) === 'gpu-buffer';
      const cpu = { ...others, executionProviders: ['cpu'] };
      return new Session(await ort.InferenceSession.create(model, cpu), staying);
    }

    async run(feeds: Record<string, ort.Tensor>, fetches?: Record<string, ort.Tensor | null>) {
      const inputs: Record<string, ort.Tensor> = {};
      for (const [name, tensor] of Object.entries(feeds)) {
        const here = tensor.location === 'gpu-buffer';
        inputs[name] = here ? (tensor.gpuBuffer as unknown as ort.Tensor) : tensor;
        if (!here) traffic.up += sizeOf(tensor.dims);
      }
      const stays = this.outputNames.some(this.staying);
      const buffers = Object.values(fetches ?? {}).some((tensor) => tensor !== null);
      if (stays && buffers) throw new Error('a result on the device takes no buffer');
      const results = (await (fetches && !stays
        ? this.inner.run(inputs, fetches)
        : this.inner.run(inputs))) as Record<string, ort.Tensor>;
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => {
          if (this.staying(name)) return [name, this.keep(tensor)];
          traffic.down += sizeOf(tensor.dims);
          return [name, tensor];
        }),
      );
    }

    async release() {
      if (this.made.size > 0) throw new Error('a tensor on the device outlives its session');
      traffic.sessions -= 1;
      await this.inner.release();
    }

    private keep(tensor: ort.Tensor): ort.Tensor {
      traffic.live += 1;
      this.made.add(tensor);
      return ort.Tensor.fromGpuBuffer(tensor as never, {
        dataType: tensor.type as 'float32',
        dims: tensor.dims,
        download: () => Promise.reject<never>(new Error('not implemented')),
        dispose: () => {
          traffic.live -= 1;
          this.made.delete(tensor);
        },
      });
    }
  }

  const runtime = {
    InferenceSession: Session,
    Tensor: ort.Tensor,
    env: ort.env,
    listSupportedBackends: () => [
      ...ort.listSupportedBackends(),
      { name: 'webgpu', bundled: true },
    ],
  };
  return { runtime: runtime as never, traffic };
}
