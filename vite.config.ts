import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** The renderer, served by both hosts from relative addresses. */
export default defineConfig({
  root: 'renderer',
  base: './',
  publicDir: false,
  plugins: [vue()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'chrome120',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Nothing as data: in the style sheets; the pages' security policy takes fonts from files alone.
    assetsInlineLimit: 0,
    // no-eval.ts runs before any schema is made, whichever chunk that lies in.
    rolldownOptions: { output: { strictExecutionOrder: true } },
  },
});
