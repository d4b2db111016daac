import { resolve } from 'node:path';
import open from 'open';
import { forkTrainer } from '../service/fork-trainer.ts';
import { openStudio } from '../service/studio.ts';
import { standardLimits } from '../service/uploads.ts';
import { serveWeb } from './server.ts';

/** What `serve` can be told. */
export interface ServeOptions {
  /** The port to listen on; a free one unless given. */
  readonly port?: number;
  /** The project's folder; it is made when there is none. */
  readonly project: string;
  /** Opens the studio in a browser, if there is one. */
  readonly open?: boolean;
  /** The most that an upload may bring, in MiB. */
  readonly uploadLimit?: number;
}

/**
 * Serves the studio to browsers on this machine until the process is told to end; then what is training is saved.
 * Throws a StudioError when the project can't be read or the port is taken.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const studio = await openStudio({
    folder: resolve(options.project),
    host: 'web',
    startTrainer: () => forkTrainer(),
    ...(options.uploadLimit !== undefined && {
      uploadLimits: { ...standardLimits, bytes: options.uploadLimit * 1024 ** 2 },
    }),
  });
  const host = await serveWeb(studio, options.port === undefined ? {} : { port: options.port });
  process.stdout.write(`The studio is at ${host.url}\nCtrl-C ends it.\n`);
  if (options.open) await openBrowser(host.url);

  let leaving = false;
  const leave = async () => {
    if (leaving) process.exit(1);
    leaving = true;
    if (studio.activeRuns().length > 0)
      process.stdout.write('Saving what is training; again to leave at once.\n');
    await studio.close();
    await host.close();
  };
  process.on('SIGINT', () => void leave());
  process.on('SIGTERM', () => void leave());
}

/** Opens the address in a browser. Where there is none, the printed address must do. */
async function openBrowser(url: string): Promise<void> {
  const child = await open(url).catch(() => null);
  child?.on('error', () => {});
}
