import './node-version.mjs';
import { ensureBuilt } from './build.mjs';
import { runCli } from './cli.mjs';
import { ensureNatives } from './natives.mjs';
import { ensurePackages } from './packages.mjs';
import { main } from './steps.mjs';

/** `npm run --silent matryoshka -- <command>`: the command line, after whatever set-up it still needs. */
main(async () => {
  if (await ensurePackages()) await ensureNatives();
  await ensureBuilt();
  await runCli(process.argv.slice(2));
});
