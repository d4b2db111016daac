import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

/** Two projects: `unit`, then `browser`, whose tests drive Chromium one file at a time. */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/counts.ts'],
    projects: [
      {
        extends: true,
        plugins: [vue()],
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', 'test/e2e/**', 'test/bench/**'],
          globalSetup: './test/fresh-cache.ts',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/{browser,e2e}/**/*.test.ts'],
          globalSetup: ['./test/fresh-cache.ts', './test/browser/setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
