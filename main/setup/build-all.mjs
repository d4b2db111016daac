import './node-version.mjs';
import { ensureBuilt } from './build.mjs';
import { ensurePackages } from './packages.mjs';
import { main } from './steps.mjs';

/** `npm run build`: builds everything into dist/. */
main(async () => {
  await ensurePackages();
  await ensureBuilt({ force: true });
});
