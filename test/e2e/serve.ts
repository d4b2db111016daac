import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templateProject } from '../../main/service/templates.ts';

const root = join(import.meta.dirname, '../..');

/** The built studio, served from the command line on a project. */
export interface Served {
  readonly url: string;
  readonly project: string;
  readonly pid: number;
  /** Ends the server as Ctrl-C does, or by another signal; the project's folder stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the server and removes the project. */
  remove(): Promise<void>;
}

/** Writes the seed's project with these training settings into a new folder. */
export async function writeProject(training: object): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'matryoshka-e2e-'));
  const template = templateProject('autoencoder');
  const content = { version: 1, ...template, training: { ...template.training, ...training } };
  await writeFile(join(project, 'project.json'), JSON.stringify(content));
  return project;
}

/** Serves the seed's project with these training settings, on a free port. */
export async function serveStudio(
  training: object,
  flags: readonly string[] = [],
): Promise<Served> {
  return serveProject(await writeProject(training), flags);
}

/** Serves the project in a folder, on a free port. */
export async function serveProject(
  project: string,
  flags: readonly string[] = [],
): Promise<Served> {
  const cli = join(root, 'dist/main/cli.js');
  const args = [cli, 'serve', '--port', '0', '--project', project, ...flags];
  const child = spawn(process.execPath, args);
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/.exec(said);
      if (found) resolve(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  return {
    url,
    project,
    pid: child.pid!,
    stop,
    async remove() {
      await stop();
      await rm(project, { recursive: true, force: true });
    },
  };
}
