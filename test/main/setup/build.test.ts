import { existsSync } from 'node:fs';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeProject, runScript } from './project.ts';

const root = resolve(import.meta.dirname, '../../..');
const config = (name: string) => readFile(join(root, name), 'utf8');

/** A small project with the real builds' settings and tools: every entry imports one file of shared/. */
async function makeBuildable(): Promise<string> {
  const entry = (path: string) =>
    `import { doll } from '${path}shared/doll.ts'; console.log(doll);\n`;
  const folder = await makeProject({
    'package.json': '{"type":"module"}',
    'package-lock.json': '{}',
    'rolldown.config.ts': await config('rolldown.config.ts'),
    'vite.config.ts': await config('vite.config.ts'),
    'shared/doll.ts': "export const doll: string = 'doll 1';\n",
    'main/cli/main.ts': entry('../../'),
    'main/web/main.ts': entry('../../'),
    'main/trainer/main.ts': entry('../../'),
    'main/engines/probe-child.ts': entry('../../'),
    'main/data/store/batch-thread.ts': entry('../../../'),
    'main/formats/h5/thread.ts': entry('../../../'),
    'main/formats/html/page/main.ts': entry('../../../../'),
    'main/electron/main.ts': entry('../../'),
    'main/electron/preload.ts': entry('../../'),
    'renderer/index.html': '<script type="module" src="./main.ts"></script>',
    'renderer/main.ts': entry('../'),
    'main/setup/probe.mjs': `
      import { ensureBuilt } from './build.mjs';
      import { main } from './steps.mjs';
      main(() => ensureBuilt());
    `,
  });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

const lines = (text: string) => text.trim().split('\n').filter(Boolean);

describe('the build', () => {
  test('makes what is stale, says so in a line each, and leaves the rest alone', async () => {
    const folder = await makeBuildable();
    const first = await runScript(folder, 'probe.mjs');
    expect(first.code).toBe(0);
    expect(lines(first.stderr)).toEqual([
      expect.stringMatching(/^Building the studio and its trainer \(rolldown\) \.\.\. \d+\.\d s$/),
      expect.stringMatching(/^Building the screens \(vite\) \.\.\. \d+\.\d s$/),
    ]);
    for (const file of [
      'main/cli.js',
      'main/web.js',
      'main/trainer.js',
      'main/probe.js',
      'main/electron.js',
    ])
      expect(await readFile(join(folder, 'dist', file), 'utf8')).toMatch(/console\.log|import/);
    expect(await readFile(join(folder, 'dist/preload/preload.cjs'), 'utf8')).toContain('doll 1');
    expect(existsSync(join(folder, 'dist/renderer/index.html'))).toBe(true);

    expect(await runScript(folder, 'probe.mjs')).toEqual({ code: 0, stdout: '', stderr: '' });

    await writeFile(join(folder, 'renderer/main.ts'), 'console.log(2);\n');
    const screens = await runScript(folder, 'probe.mjs');
    expect(lines(screens.stderr)).toEqual([expect.stringContaining('Building the screens')]);

    await writeFile(join(folder, 'shared/doll.ts'), "export const doll: string = 'doll 2';\n");
    expect(lines((await runScript(folder, 'probe.mjs')).stderr)).toHaveLength(2);
    expect(await readFile(join(folder, 'dist/preload/preload.cjs'), 'utf8')).toContain('doll 2');

    await rm(join(folder, 'dist'), { recursive: true });
    expect(lines((await runScript(folder, 'probe.mjs')).stderr)).toHaveLength(2);
  });

  test('fails with the place of a mistake, and tries again the next time', async () => {
    const folder = await makeBuildable();
    await writeFile(join(folder, 'main/cli/main.ts'), 'const = 1;\n');
    for (const _ of ['first', 'second']) {
      const { code, stderr } = await runScript(folder, 'probe.mjs');
      expect(code).toBe(1);
      expect(stderr).toContain('main/cli/main.ts');
      expect(stderr).not.toMatch(/^ +at /m);
    }
  });

  test('happens once when two commands start together', async () => {
    const folder = await makeBuildable();
    const both = await Promise.all(['a', 'b'].map(() => runScript(folder, 'probe.mjs')));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.flatMap(({ stderr }) => lines(stderr))).toHaveLength(2);
  });
});
