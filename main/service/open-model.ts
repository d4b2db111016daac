import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { ModelService } from '../../shared/api/models.ts';
import { StudioError } from '../../shared/api/errors.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { newestCheckpoint } from '../formats/checkpoint.ts';
import { decodeSafetensors, encodeSafetensors } from '../formats/safetensors.ts';
import { ask } from './ask.ts';
import { openProject } from './project.ts';
import type { Runs } from './runs.ts';
import type { StartTrainer } from './trainer-process.ts';
import { createUploads, type Uploads } from './uploads.ts';

interface Options {
  /** The project's. */
  readonly folder: string;
  readonly runs: Pick<Runs, 'folder'>;
  readonly startTrainer: StartTrainer;
}

/** How models come into a project. */
export interface ModelsIn {
  readonly service: Pick<
    ModelService,
    'startModelUpload' | 'offerModelFiles' | 'openModel' | 'joinWeights'
  >;
  /** Takes in a delivery of an upload, if it is one of a model; else false. */
  receive(...delivery: Parameters<Uploads['receive']>): Promise<boolean>;
}

/** The folder in a project that keeps weights. */
const WEIGHTS = 'weights';

/** Opens models' files for a project: each in a process of its own, which a broken file can't hurt. */
export function createModelsIn({ folder, runs, startTrainer }: Options): ModelsIn {
  const uploads = createUploads(join(folder, WEIGHTS, 'uploads'), () => {});
  const own = new Set<string>();

  async function open(file: string) {
    const { model: spec, training } = await openProject(folder);
    const onto = { spec, main: training.model };
    const store = join(folder, WEIGHTS);
    const opened = await ask(startTrainer, (trainer) => trainer.openModel({ file, onto, store }));
    return { ...opened, weights: `${WEIGHTS}/${opened.weights}` };
  }

  /** The tensors of a kept file. */
  async function kept(weights: string): Promise<NamedTensors> {
    const file = resolve(folder, weights);
    const bytes = await readFile(file).catch((error: Error) => {
      throw new StudioError('NO_SUCH_WEIGHTS', `the weights can't be read: ${error.message}`);
    });
    return decodeSafetensors(bytes, file).tensors;
  }

  async function ofRun(id: string): Promise<NamedTensors> {
    const checkpoint = await newestCheckpoint(join(runs.folder(id), 'checkpoints'));
    if (!checkpoint)
      throw new StudioError(
        'NO_CHECKPOINT',
        `run ${id} holds no weights: it has no checkpoint yet`,
      );
    return checkpoint.variables;
  }

  return {
    service: {
      async startModelUpload(upload) {
        await uploads.drop(upload.id, false);
        await uploads.start(upload);
        own.add(upload.id);
      },
      offerModelFiles: ({ id, files }) => uploads.offer(id, files),
      async openModel(query) {
        if ('path' in query) return open(await modelFileIn(resolve(folder, query.path)));
        const place = uploads.finish(query.upload);
        own.delete(query.upload);
        try {
          return await open(await modelFileIn(place));
        } finally {
          await rm(dirname(place), { recursive: true, force: true });
        }
      },
      async joinWeights({ base, from, keys }) {
        const source = await ('run' in from ? ofRun(from.run) : kept(from.weights));
        const found = Object.entries(keys).filter(([, key]) => Object.hasOwn(source, key));
        const tensors = {
          ...(base === null ? {} : await kept(base)),
          ...Object.fromEntries(found.map(([to, key]) => [to, source[key]!])),
        };
        const bytes = encodeSafetensors({ tensors, metadata: {} });
        const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
        const weights = `${WEIGHTS}/${hash}.safetensors`;
        await writeFileAtomic(join(folder, weights), bytes);
        return { weights, missing: Object.keys(keys).filter((to) => !Object.hasOwn(tensors, to)) };
      },
    },
    async receive(id, ticket, body) {
      if (!own.has(id)) return false;
      await uploads.receive(id, ticket, body);
      return true;
    },
  };
}

/** The file itself; of a folder its `model.json`, or the only file in it that is a model's by its name. */
async function modelFileIn(place: string): Promise<string> {
  if (!(await stat(place)).isDirectory()) return place;
  const names = await readdir(place);
  const models = names.filter((name) => /\.(keras|h5|hdf5|safetensors|npz)$/i.test(name));
  const name = names.includes('model.json') ? 'model.json' : models.length === 1 ? models[0] : null;
  if (name == null)
    throw new StudioError('NO_MODEL', `${basename(place)}: expected one model, or a model.json`);
  return join(place, name);
}
