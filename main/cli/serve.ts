import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { webEntry } from '../service/places.ts';
import { fail, wholeNumber } from './exit.ts';

interface ServeFlags {
  readonly port?: number;
  readonly project: string;
  readonly open?: true;
  readonly uploadLimit?: number;
}

/** `serve`: the web host, a program of its own beside this one. */
export function addServe(program: Command): Command {
  return program
    .command('serve')
    .description('Serves the studio to a browser on this machine.')
    .option('--port <n>', 'the port to listen on (default: a free one)', wholeNumber(0, 65_535))
    .option(
      '--project <dir>',
      "the project's folder; it is made when there is none",
      'matryoshka-project',
    )
    .option('--open', 'open the studio in a browser, if there is one')
    .option(
      '--upload-limit <mib>',
      'the most that a folder dropped onto the studio may bring, in MiB (default: 65536)',
      wholeNumber(1),
    )
    .action((flags: ServeFlags) => serve(flags).catch(fail));
}

async function serve(flags: ServeFlags): Promise<void> {
  const web = (await import(pathToFileURL(webEntry).href)) as {
    serve(options: ServeFlags): Promise<void>;
  };
  await web.serve(flags);
}
