import './node-version.mjs';
import { ensureBuilt } from './build.mjs';
import { ensurePackages } from './packages.mjs';
import { main, runTool, say } from './steps.mjs';

const tools = [
  {
    title: 'Format',
    script: 'prettier/bin/prettier.cjs',
    args: ['--check', '--log-level', 'warn', '.'],
  },
  { title: 'Lint', script: 'eslint/bin/eslint.js', args: ['--max-warnings', '0', '.'] },
  { title: 'Types', script: 'vue-tsc/bin/vue-tsc.js', args: ['--build'] },
  { title: 'Dead code', script: 'knip/bin/knip.js', args: [] },
  { title: 'Tests', script: 'vitest/vitest.mjs', args: ['run'] },
];

/** `npm run check`: everything that must hold, to the end even where something does not. */
main(async () => {
  await ensurePackages();
  await ensureBuilt();
  const failed = [];
  for (const { title, script, args } of tools) {
    say(`${title} ...`);
    const start = performance.now();
    const code = await runTool(script, args);
    const time = `${((performance.now() - start) / 1000).toFixed(1)} s`;
    say(`${title}: ${code === 0 ? 'good' : 'FAILED'} (${time})`);
    if (code !== 0) failed.push(title);
  }
  say(failed.length === 0 ? 'All is well.' : `Failed: ${failed.join(', ')}.`);
  return failed.length === 0 ? 0 : 1;
});
