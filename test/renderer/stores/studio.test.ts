import { afterEach, expect, test, vi } from 'vitest';
import { createProject } from '../../../renderer/stores/project.ts';
import {
  createStudio,
  RefusedError,
  type Link,
  type Studio,
} from '../../../renderer/stores/studio.ts';
import type { RunSummary, Snapshot, StudioService } from '../../../shared/api/contract.ts';
import type { Channel } from '../../../shared/api/channel.ts';
import { StudioError } from '../../../shared/api/errors.ts';
import { createStudioClient, serveStudio } from '../../../shared/api/rpc.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { setTrainable } from '../../../shared/keras/trainable.ts';
import { seed } from '../compose/models.ts';

const training = trainingSettings.parse({ model: 'autoencoder' });
const runOf = (number: number): RunSummary => ({
  id: `run-${number}`,
  number,
  folder: `runs/${number}`,
  state: 'training',
  created: number,
  settings: training,
  lastStep: 0,
  seq: 0,
});

/** Two ends of a channel in this process; either can close it. */
function channels(): [Channel, Channel, close: () => void] {
  const ends = [0, 1].map(() => ({ listener: (_: unknown) => {}, closed: [] as (() => void)[] }));
  let open = true;
  const end = (mine: number): Channel => ({
    post(message) {
      const copy = structuredClone(message);
      if (open) queueMicrotask(() => ends[1 - mine]!.listener(copy));
    },
    onMessage: (listener) => (ends[mine]!.listener = listener),
    onClose: (listener) => void ends[mine]!.closed.push(listener),
  });
  const close = () => {
    open = false;
    ends.forEach(({ closed }) => closed.splice(0).forEach((told) => told()));
  };
  return [end(0), end(1), close];
}

/** A service with what these tests need of it, reached over real rpc. */
function host() {
  const calls: string[] = [];
  const state = {
    runs: [runOf(1)],
    project: { model: seed, training },
    revision: 1,
    closing: () => {},
    up: true,
  };
  const windows: ReturnType<typeof serveStudio>[] = [];
  let opened = 0;
  const service = {
    async snapshot(): Promise<Snapshot> {
      return {
        version: '0',
        host: 'web',
        project: { name: 'p', folder: '/p', ...state.project, revision: String(state.revision) },
        runs: state.runs,
        datasets: [],
        imports: [],
        usage: null,
      };
    },
    async saveProject(project: {
      model: typeof seed;
      training: typeof training;
      revision?: string;
    }) {
      calls.push('save');
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (project.revision !== undefined && project.revision !== String(state.revision))
        throw new StudioError('PROJECT_CHANGED', 'another window was first');
      state.project = { model: project.model, training: project.training };
      calls.push('saved');
      return String(++state.revision);
    },
    async startRun() {
      calls.push('start');
      return runOf(2);
    },
    async runEvents() {
      return [];
    },
  } as unknown as StudioService;
  const connect = async (listener: Parameters<typeof createStudioClient>[1]): Promise<Link> => {
    opened += 1;
    if (!state.up) throw new Error('nobody answers');
    const [near, far, close] = channels();
    state.closing = close;
    windows.push(serveStudio(far, service));
    return {
      service: createStudioClient(near, listener),
      onClose: (callback) => near.onClose(callback),
    };
  };
  return { state, calls, connect, windows, opened: () => opened };
}

let studio: Studio | undefined;
afterEach(() => studio?.close());
const until = (check: () => boolean) => vi.waitFor(() => expect(check()).toBe(true), 3000);

test('a lost connection comes back with a new snapshot', async () => {
  const { state, connect, windows } = host();
  studio = createStudio(connect);
  expect(studio.connection.value).toBe('connecting');
  await until(() => studio!.connection.value === 'open');
  expect([...studio.runs.value.keys()]).toEqual(['run-1']);

  await windows[0]!.runChanged('run-3', runOf(3));
  await windows[0]!.runChanged('run-2', runOf(2));
  expect([...studio.runs.value.keys()]).toEqual(['run-1', 'run-2', 'run-3']);
  await windows[0]!.runChanged('run-3', null);
  expect([...studio.runs.value.keys()]).toEqual(['run-1', 'run-2']);

  state.runs = [runOf(5)];
  state.closing();
  expect(studio.connection.value).toBe('reconnecting');
  await expect(studio.service.engines({ benchmark: false })).rejects.toThrow(/not connected/);
  await until(() => studio!.connection.value === 'open');
  expect([...studio.runs.value.keys()]).toEqual(['run-5']);
});

test('it goes on trying, and at once when told to', async () => {
  const { state, connect, opened } = host();
  state.up = false;
  studio = createStudio(connect);
  await until(() => opened() >= 2);
  state.up = true;
  studio.reconnect();
  await until(() => studio!.connection.value === 'open');
});

test('a refused token is not tried again', async () => {
  let tries = 0;
  studio = createStudio(async () => {
    tries += 1;
    throw new RefusedError('no');
  });
  await until(() => studio!.connection.value === 'refused');
  studio.reconnect();
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(tries).toBe(1);
});

test('a run starts only when the edits before it are saved', async () => {
  const { state, calls, connect } = host();
  studio = createStudio(connect);
  const project = createProject(studio);
  await until(() => project.spec.value !== null);
  expect(project.canUndo.value).toBe(false);

  project.edit((content) => ({ ...content, model: setTrainable(content.model, 'decoder', false) }));
  const run = await studio.startRun(project.training.value!);
  expect(calls).toEqual(['save', 'saved', 'start']);
  expect(state.project.model).toEqual(project.spec.value);
  expect(studio.runs.value.get(run.id)).toEqual(runOf(2));

  project.undo();
  expect(project.spec.value).toEqual(seed);
  expect(project.canRedo.value).toBe(true);
  await until(() => JSON.stringify(state.project.model) === JSON.stringify(seed));
  project.redo();
  await project.save();
  expect(state.project.model).not.toEqual(seed);
});

test('edits survive a lost connection and are saved at the next one', async () => {
  const { state, connect } = host();
  studio = createStudio(connect);
  const project = createProject(studio);
  await until(() => project.spec.value !== null);
  state.up = false;
  state.closing();
  project.edit((content) => ({ ...content, training: { ...content.training, epochs: 77 } }));
  await until(() => project.saveError.value !== null);
  state.up = true;
  studio.reconnect();
  await until(() => state.project.training.epochs === 77);
  await until(() => project.saveError.value === null);
  expect(project.training.value!.epochs).toBe(77);
});

test('a change of another window becomes a step here; the one that was saved first stands', async () => {
  const { state, connect, windows } = host();
  studio = createStudio(connect);
  const project = createProject(studio);
  await until(() => project.spec.value !== null);
  const epochs = () => project.training.value!.epochs;
  /** Another window saves, and the service tells of it unless that takes longer. */
  const elsewhere = async (wanted: number, told: boolean) => {
    state.project = { ...state.project, training: { ...training, epochs: wanted } };
    state.revision += 1;
    const { project: now } = await studio!.service.snapshot();
    if (told) await windows[0]!.projectChanged(now);
  };
  await elsewhere(31, true);
  await until(() => epochs() === 31);
  expect(project.canUndo.value).toBe(true);
  expect(project.overtaken.value).toBe(false);

  // Both change the same version, and the other window is first.
  await elsewhere(32, false);
  project.edit((content) => ({ ...content, training: { ...content.training, epochs: 77 } }));
  await until(() => project.overtaken.value);
  expect(epochs()).toBe(32);
  expect(state.project.training.epochs).toBe(32);
  project.undo();
  expect(epochs()).toBe(77);
  await until(() => state.project.training.epochs === 77);
  expect(project.overtaken.value).toBe(false);
  expect(project.saveError.value).toBeNull();
});
