import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templateProject } from '../../main/service/templates.ts';

const root = join(import.meta.dirname, '../..');

/** The built studio, served from the command line on a project of its own. */
export interface Served {
  readonly url: string;
  readonly project: string;
  /** Ends the server as Ctrl-C does; the project's folder stays. */
  stop(): Promise<void>;
  /** Ends the server and removes the project. */
  remove(): Promise<void>;
}

/** Serves the seed's project with these training settings, on a free port. */
export async function serveStudio(
  training: object,
  flags: readonly string[] = [],
): Promise<Served> {
  const project = await mkdtemp(join(tmpdir(), 'matryoshka-e2e-'));
  const template = templateProject('autoencoder');
  const content = { version: 1, ...template, training: { ...template.training, ...training } };
  await writeFile(join(project, 'project.json'), JSON.stringify(content));
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
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGINT');
    await once(child, 'exit');
  };
  return {
    url,
    project,
    stop,
    async remove() {
      await stop();
      await rm(project, { recursive: true, force: true });
    },
  };
}
