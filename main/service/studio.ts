import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Channel } from '../../shared/api/channel.ts';
import type {
  DatasetSummary,
  EngineReport,
  RunSummary,
  Snapshot,
  StudioService,
} from '../../shared/api/contract.ts';
import { encodeError, StudioError } from '../../shared/api/errors.ts';
import type { Remote } from '../../shared/api/rpc.ts';
import { serveStudio } from '../../shared/api/rpc.ts';
import { parseModelSpec } from '../../shared/keras/spec.ts';
import { describeData } from '../data/open.ts';
import { imageFile, type TrainerService } from '../trainer/contract.ts';
import { readEvents } from './event-log.ts';
import { exportFresh, exportRun } from './exporting.ts';
import { createFeed, type Feed } from './feed.ts';
import { version } from './places.ts';
import { openProject, saveProject } from './project.ts';
import { eventsFile } from './run-record.ts';
import { createRuns } from './runs.ts';
import { openTrainer } from './trainer-link.ts';
import type { StartTrainer } from './trainer-process.ts';

export interface StudioOptions {
  /** The project's folder; it becomes a project when it is none. */
  readonly folder: string;
  readonly host: Snapshot['host'];
  readonly startTrainer: StartTrainer;
}

/** The studio of one project, for any number of windows. */
export interface Studio {
  readonly service: StudioService;
  /** Serves a window until its channel closes. */
  connect(channel: Channel): void;
  /** The runs that are under way here. */
  activeRuns(): RunSummary[];
  /** Stops what is under way, each run after saving a checkpoint. Resolves when all have ended. */
  close(): Promise<void>;
}

/** Opens a project. Throws a StudioError when its `project.json` can't be read. */
export async function openStudio({ folder, host, startTrainer }: StudioOptions): Promise<Studio> {
  await openProject(folder);
  const feeds = new Set<Feed>();
  const runs = createRuns(join(folder, 'runs'), startTrainer, {
    events: (id, events) => feeds.forEach((feed) => feed.events(id, events)),
    changed: (id, summary) => feeds.forEach((feed) => feed.changed(id, summary)),
  });
  let probing: Promise<EngineReport[]> | null = null;

  const service: StudioService = {
    async snapshot() {
      const project = await openProject(folder);
      const dataset = await describe(project.training.data);
      return { version, host, project, runs: await runs.list(), dataset };
    },
    engines() {
      probing ??= ask(startTrainer, (trainer) => trainer.engines()).finally(() => (probing = null));
      return probing;
    },
    async saveProject({ model, training }) {
      await saveProject(folder, { model: parseModelSpec(model), training });
    },
    async startRun(settings) {
      const { model } = await openProject(folder);
      return runs.start(model, settings);
    },
    stopRun: ({ id, discard }) => runs.stop(id, discard),
    runModel: ({ id }) => runs.model(id),
    setTrainable: ({ id, path, trainable }) => runs.setTrainable(id, { path, trainable }),
    runEvents: async ({ id, after }) => readEvents(eventsFile(runs.folder(id)), after),
    async runImages({ id, step }) {
      const file = join(runs.folder(id), imageFile(step));
      return readFile(file).then(
        (bytes) => new Uint8Array(bytes),
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
          const what = step === null ? 'samples' : `images of step ${step}`;
          throw new StudioError('NO_SUCH_IMAGES', `run ${id} has stored no ${what}`);
        },
      );
    },
    async prove({ model }) {
      const project = await openProject(folder);
      const settings = { ...project.training, model };
      return ask(startTrainer, (trainer) => trainer.prove({ model: project.model, settings }));
    },
    async exportModel({ run, path, folder: out }) {
      const place = resolve(folder, out);
      if (run !== null) return exportRun(runs.folder(run), path, place);
      const { model, training } = await openProject(folder);
      return exportFresh(model, path, training.seed, place);
    },
  };

  return {
    service,
    connect(channel) {
      const feed = createFeed(serveStudio(channel, service));
      feeds.add(feed);
      channel.onClose(() => feeds.delete(feed));
    },
    activeRuns: runs.active,
    async close() {
      await Promise.all(runs.active().map(({ id }) => runs.stop(id, false)));
    },
  };
}

/** Asks a trainer of its own one question. */
export async function ask<T>(
  startTrainer: StartTrainer,
  question: (trainer: Remote<TrainerService>) => Promise<T>,
): Promise<T> {
  const trainer = openTrainer(startTrainer);
  try {
    return await question(trainer.service);
  } finally {
    await trainer.end();
  }
}

/** Data that can't be opened must not keep the project from opening. */
async function describe(name: string): Promise<DatasetSummary> {
  try {
    return await describeData(name);
  } catch (error) {
    const none = { trainSamples: 0, testSamples: 0, shape: [], classes: [] };
    return { name, ...none, error: encodeError(error) };
  }
}
