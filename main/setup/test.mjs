import './node-version.mjs';
import { ensureBuilt } from './build.mjs';
import { ensureNatives } from './natives.mjs';
import { ensurePackages } from './packages.mjs';
import { main, runTool } from './steps.mjs';

/** `npm test [-- files or options of vitest]`: sets up what is missing, builds what is stale, runs the tests. */
main(async () => {
  await ensurePackages();
  await ensureNatives();
  await ensureBuilt();
  return runTool('vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
});
