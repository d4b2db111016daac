import { randomBytes } from 'node:crypto';
import { link, copyFile, cp, mkdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve, sep } from 'node:path';
import type { DataListener, DataService, DatasetEntry } from '../../shared/api/data.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { builtIns, isBuiltIn } from './built-in-data.ts';
import { dataStamp } from './data-stamp.ts';
import { openDatasetList } from './dataset-list.ts';
import type { DatasetView } from './dataset-view.ts';
import { createImportJobs, type ImportJob } from './import-jobs.ts';
import { createUploads, type UploadLimits, type Uploads } from './uploads.ts';

export interface DatasetsOptions {
  /** The project's folder: it keeps the list of its datasets, and the files that were uploaded. */
  readonly folder: string;
  /** The dataset that the project trains on, as `training.data` names it. */
  chosen(): Promise<string>;
  /** Brings a dataset into the cache and opens it. */
  open(data: string, job: ImportJob): Promise<DatasetView>;
  /** Asks for a folder or for files with the desktop's own dialog, where there is one. */
  readonly pick?: ((folder: boolean) => Promise<string[]>) | undefined;
  readonly uploadLimits?: UploadLimits | undefined;
  readonly listener: DataListener;
}

/** The datasets of a project. */
export interface Datasets {
  readonly service: DataService;
  readonly imports: ReturnType<typeof createImportJobs>['list'];
  readonly receive: Uploads['receive'];
  close(): Promise<void>;
}

/** Datasets that are open at once. */
const OPEN = 3;

/** An upload of which nothing comes for so long, in ms, has failed: its window is gone. */
const STALLED = 60_000;

/** Keeps the datasets of a project: what is known, imported, uploaded, and looked at. */
export async function createDatasets(options: DatasetsOptions): Promise<Datasets> {
  const { folder, chosen, open, pick, listener, uploadLimits } = options;
  const store = join(folder, 'data');
  const list = await openDatasetList(join(folder, 'datasets.json'));
  const views = new Map<string, DatasetView>();
  /** What was found when somebody last looked at the files. */
  const looked = new Map<string, 'changed' | 'missing'>();
  const jobs = createImportJobs((data) => listener.importChanged(data));
  /** The import of each dataset that is under way, by what it is of: a new one takes its place. */
  const underway = new Map<string, string>();

  async function entries(): Promise<DatasetEntry[]> {
    const known = list.all().map(({ data, name, used, facts }): DatasetEntry => {
      const found = looked.get(data) ?? (views.has(data) ? 'ready' : 'new');
      return { data, name, state: found, builtIn: false, facts, used };
    });
    const own = await chosen();
    const others = await builtIns();
    const isListed = [...known, ...others].some(({ data }) => data === own);
    return [
      ...(isListed ? [] : [await unknown(own)]),
      ...known.filter(({ data }) => !others.some((one) => one.data === data)),
      ...others.map((one): DatasetEntry => {
        const entry = known.find(({ data }) => data === one.data);
        return entry && one.state !== 'get' ? { ...entry, name: one.name, builtIn: true } : one;
      }),
    ];
  }

  /** A dataset that the project names and that was never imported here. */
  async function unknown(data: string): Promise<DatasetEntry> {
    const there = await stat(data).then(
      () => true,
      () => false,
    );
    return { data, name: basename(data), state: there ? 'new' : 'missing', builtIn: false };
  }

  const tellDatasets = async () => listener.datasetsChanged(await entries());

  /** Opens a dataset anew and lists it. */
  async function take(data: string, job: ImportJob): Promise<string> {
    const stamp = isBuiltIn(data) ? null : await dataStamp(data);
    if (stamp === null && !isBuiltIn(data))
      throw new StudioError('NO_SUCH_DATA', `there is no file or folder ${data}`);
    const view = await open(data, job);
    await put(data, view);
    looked.delete(data);
    const { facts, name } = view;
    await list.put({ data, name, used: Date.now(), facts, stamp });
    await tellDatasets();
    return data;
  }

  async function put(data: string, view: DatasetView): Promise<void> {
    const before = views.get(data);
    views.delete(data);
    views.set(data, view);
    const [oldest] = views.keys();
    const last = views.size > OPEN ? views.get(oldest!) : undefined;
    if (last) views.delete(oldest!);
    await before?.close();
    await last?.close();
  }

  function viewOf(data: string): DatasetView {
    const view = views.get(data);
    if (!view) throw new StudioError('NOT_IMPORTED', `${data} is not open; it is to be imported`);
    return view;
  }

  /** How many bytes of an upload have come, and when the last did. */
  interface Coming {
    readonly meter: (bytes: number) => void;
    /** Ends the part of the import that waits for files. */
    readonly end: (path: string) => void;
    readonly fail: (error: Error) => void;
  }
  const coming = new Map<string, Coming>();
  const uploads = createUploads(store, (id, bytes) => coming.get(id)?.meter(bytes), uploadLimits);

  /** Waits until all files of an upload have come. */
  async function upload(id: string, bytes: number, job: ImportJob): Promise<string> {
    const meter = createMeter(bytes);
    let timer: NodeJS.Timeout | undefined;
    try {
      const path = await new Promise<string>((end, fail) => {
        const stalled = () =>
          fail(new StudioError('UPLOAD_STALLED', 'no more files came; drop them again to go on'));
        const heard = () => {
          clearTimeout(timer);
          timer = setTimeout(stalled, STALLED);
        };
        heard();
        coming.set(id, {
          meter(more) {
            heard();
            job.tell(meter(more));
          },
          end,
          fail,
        });
        job.signal.addEventListener('abort', () => fail(new Error('cancelled')), { once: true });
        job.tell({ phase: 'upload', unit: 'bytes', total: bytes });
      });
      return path;
    } finally {
      clearTimeout(timer);
      coming.delete(id);
      await uploads.drop(id, job.signal.aborted);
    }
  }

  const service: DataService = {
    datasets: entries,
    async importData(origin) {
      if ('upload' in origin) {
        const waiting = coming.get(origin.upload);
        if (!waiting) throw new StudioError('NO_SUCH_UPLOAD', 'this upload has ended');
        try {
          waiting.end(uploads.finish(origin.upload));
        } catch (error) {
          waiting.fail(error as Error);
          throw error;
        }
        return origin.upload;
      }
      const given = 'builtIn' in origin ? [origin.builtIn] : origin.paths;
      const paths = given.map((path) => (isBuiltIn(path) ? path : resolve(folder, atHome(path))));
      const [first = ''] = paths;
      const what = JSON.stringify(paths);
      const before = underway.get(what);
      if (before !== undefined) await jobs.cancel(before);
      const id = randomBytes(8).toString('hex');
      underway.set(what, id);
      const name = paths.length > 1 ? gatheredName(paths) : await nameOf(first);
      jobs.start(id, name, async (job) => {
        try {
          const place = paths.length > 1 ? await gather(paths, join(store, id), job) : first;
          return await take(place, job);
        } finally {
          if (underway.get(what) === id) underway.delete(what);
        }
      });
      return id;
    },
    cancelImport: ({ id }) => jobs.cancel(id),
    async forgetData({ data }) {
      const view = views.get(data);
      views.delete(data);
      await view?.close();
      await list.remove(data);
      looked.delete(data);
      // What lies in the project's store was copied there by the studio itself.
      const [id] = data.startsWith(store + sep) ? data.slice(store.length + 1).split(sep) : [];
      if (id && data !== (await chosen())) await rm(join(store, id), { recursive: true });
      await tellDatasets();
    },
    async checkData({ data }) {
      const known = list.all().find((one) => one.data === data);
      if (!known || isBuiltIn(data)) return;
      const stamp = await dataStamp(data);
      const found = stamp === null ? 'missing' : stamp === known.stamp ? null : 'changed';
      if (found === (looked.get(data) ?? null)) return;
      if (found) looked.set(data, found);
      else looked.delete(data);
      await tellDatasets();
    },
    dataReport: async ({ data }) => viewOf(data).report(data),
    samples: async ({ data, filter, from, count, side }) =>
      viewOf(data).samples(filter, from, count, side),
    async startUpload({ id, name, files, bytes }) {
      if (jobs.list().some((one) => one.id === id && one.state === 'running'))
        throw new StudioError('IMPORT_UNDER_WAY', `${name} is being imported`);
      await uploads.start({ id, name, files, bytes });
      jobs.start(id, name, async (job) => take(await upload(id, bytes, job), job));
    },
    offerFiles: ({ id, files }) => uploads.offer(id, files),
    async pickData({ folder: wanted }) {
      if (!pick) throw new StudioError('NO_DIALOG', 'this host has no dialog of its own');
      return pick(wanted);
    },
  };

  return {
    service,
    imports: jobs.list,
    async receive(id, ticket, body) {
      try {
        await uploads.receive(id, ticket, body);
      } catch (error) {
        coming.get(id)?.fail(error as Error);
        throw error;
      }
    },
    async close() {
      await jobs.close();
      await Promise.all([...views.values()].map((view) => view.close()));
    },
  };
}

/** A path as a person types it: `~` is the home folder. */
function atHome(path: string): string {
  return /^~(?=[/\\]|$)/.test(path) ? join(homedir(), path.slice(1)) : path;
}

/** What people call a dataset. */
async function nameOf(data: string): Promise<string> {
  const known = (await builtIns()).find((one) => one.data === data);
  return known?.name ?? basename(data);
}

function gatheredName(paths: readonly string[]): string {
  return `${basename(paths[0]!)} +${paths.length - 1}`;
}

/** Puts several files and folders into one folder, as links where the disk allows, else as copies. */
async function gather(paths: readonly string[], place: string, job: ImportJob): Promise<string> {
  const folder = join(place, gatheredName(paths));
  await mkdir(folder, { recursive: true });
  for (const [done, path] of paths.entries()) {
    job.signal.throwIfAborted();
    job.tell({ phase: 'look', unit: 'files', done, total: paths.length });
    const target = join(folder, basename(path));
    const found = await stat(path).catch(() => null);
    if (!found) throw new StudioError('NO_SUCH_DATA', `there is no file or folder ${path}`);
    if (found.isDirectory())
      await cp(path, target, { recursive: true, errorOnExist: true, force: false });
    else await link(path, target).catch(() => copyFile(path, target));
  }
  return folder;
}

/** Counts bytes, and tells rate and time left by the last seconds. */
function createMeter(total: number) {
  let done = 0;
  const marks: [time: number, done: number][] = [[Date.now(), 0]];
  return (more: number) => {
    done += more;
    const now = Date.now();
    if (now - marks.at(-1)![0] > 200) marks.push([now, done]);
    if (marks.length > 25) marks.shift();
    const [since, from] = marks[0]!;
    const rate = now - since > 500 ? ((done - from) * 1000) / (now - since) : null;
    return { done, rate, secondsLeft: rate ? (total - done) / rate : null };
  };
}
