import { ESLint } from 'eslint';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import typescriptEslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

/** A file that does not exist with one import, what lint says of it, and what the compiler says. */
interface Case {
  readonly file: string;
  readonly code: string;
  readonly lint: string;
  readonly compiler: RegExp;
}

const outside = /is not listed within the file list of project/;
const notHere = /tsconfig\.forbidden\.d\.ts' is not a module/;

const forbidden: Case[] = [
  {
    file: 'shared/keras/probe.ts',
    code: "export { readFile } from 'node:fs';",
    lint: "shared must not import Node's node:fs",
    compiler: /Cannot find .*'node:fs'/,
  },
  {
    file: 'shared/keras/probe.ts',
    code: "export { ref } from 'vue';",
    lint: 'shared must not import the package vue',
    compiler: notHere,
  },
  {
    file: 'shared/probe.ts',
    code: "export type { Engine } from '../main/engines/engine.ts';",
    lint: 'shared must not import main/engines/engine.ts',
    compiler: outside,
  },
  {
    file: 'main/engines/onnx/probe.ts',
    code: "export type * from '../../service/feed.ts';",
    lint: 'main/engines must not import main/service/feed.ts',
    compiler: outside,
  },
  {
    file: 'main/formats/probe.ts',
    code: "export * from '../../renderer/charts/ticks.ts';",
    lint: 'main/formats must not import renderer/charts/ticks.ts',
    compiler: outside,
  },
  {
    file: 'main/trainer/probe.ts',
    code: "export type It = import('../service/feed.ts').Feed;",
    lint: 'main/trainer must not import main/service/feed.ts',
    compiler: outside,
  },
  {
    file: 'main/data/probe.ts',
    code: "export type * from '../engines/engine.ts';",
    lint: 'main/data must not import main/engines/engine.ts',
    compiler: outside,
  },
  {
    file: 'main/service/probe.ts',
    code: "export type * from '../trainer/session.ts';",
    lint: 'main/service must not import main/trainer/session.ts',
    compiler: outside,
  },
  {
    file: 'main/cli/probe.ts',
    code: "export { app } from 'electron';",
    lint: 'main/cli must not import the package electron',
    compiler: notHere,
  },
  {
    file: 'main/cli/probe.ts',
    code: "export type * from '../../renderer/stores/studio.ts';",
    lint: 'main/cli must not import renderer/stores/studio.ts',
    compiler: outside,
  },
  {
    file: 'renderer/stores/probe.ts',
    code: "export const it = import('../../main/service/feed.ts');",
    lint: 'renderer must not import main/service/feed.ts',
    compiler: outside,
  },
  {
    file: 'renderer/host/probe.ts',
    code: "export { ipcRenderer } from 'electron';",
    lint: 'renderer/host must not import the package electron',
    compiler: notHere,
  },
  {
    file: 'renderer/probe.ts',
    code: "export { join } from 'path';",
    lint: "renderer must not import Node's path",
    compiler: /Cannot find .*'path'/,
  },
];

const allowed = [
  { file: 'shared/program/probe.ts', code: "export { z } from 'zod';" },
  { file: 'main/engines/onnx/probe.ts', code: "export type * from '../engine.ts';" },
  { file: 'main/engines/onnx/probe.ts', code: "export { join } from 'node:path';" },
  { file: 'main/trainer/probe.ts', code: "export type * from '../engines/engine.ts';" },
  { file: 'main/service/probe.ts', code: "export type * from '../trainer/contract.ts';" },
  { file: 'main/electron/probe.ts', code: "export { app } from 'electron';" },
  { file: 'renderer/stores/probe.ts', code: "export * from '../../shared/keras/spec.ts';" },
  { file: 'renderer/stores/probe.ts', code: "export { ref } from 'vue';" },
];

/** Ways to the bridge from outside of renderer/host, which lint alone can tell. */
const touching = [
  "export const it = new WebSocket('ws://127.0.0.1');",
  'export const { port1 } = new MessageChannel();',
  "window.postMessage('matryoshka:connect');",
  "export { connectStudio } from '../host/connect.ts';",
  "export { createStudioClient } from '../../shared/api/rpc.ts';",
  "export { createBirpc } from 'birpc';",
];

const eslint = new ESLint({
  cwd: root,
  overrideConfig: [typescriptEslint.configs.disableTypeChecked],
});

/** What ESLint reports for a file with this content. */
async function lint(file: string, code: string): Promise<string[]> {
  const results = await eslint.lintText(code, { filePath: join(root, file) });
  return results.flatMap(({ messages }) => messages.map(({ message }) => message));
}

/** Files that an earlier case has read. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** The compiler's errors for a file with this content among the files of its folder's project. */
function compile(file: string, code: string): string[] {
  const path = join(root, file);
  const configPath = ts.findConfigFile(path, ts.sys.fileExists)!;
  const config = ts.getParsedCommandLineOfConfigFile(configPath, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
    },
  })!;
  const host = ts.createCompilerHost(config.options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, languageVersion, ...rest) => {
    if (name === path) return ts.createSourceFile(name, code, languageVersion);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, languageVersion, ...rest));
    return parsed.get(name);
  };
  // As in an editor, the sources of the projects that this one refers to stand for their declarations.
  Object.assign(host, { useSourceOfProjectReferenceRedirect: () => true });
  const program = ts.createProgram({
    rootNames: [...config.fileNames, path],
    options: config.options,
    projectReferences: config.projectReferences ?? [],
    host,
  });
  return [
    ...program.getOptionsDiagnostics(),
    ...program.getSemanticDiagnostics(program.getSourceFile(path)),
  ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('imports against the table', () => {
  test.each(forbidden)('$file: $code', async ({ file, code, lint: message, compiler }) => {
    expect(await lint(file, code)).toContain(message);
    expect(compile(file, code)).toContainEqual(expect.stringMatching(compiler));
  });
});

test('what a folder reaches only through another is refused by lint alone', async () => {
  const code = "export type * from '../engines/engine.ts';";
  expect(await lint('main/service/probe.ts', code)).toContain(
    'main/service must not import main/engines/engine.ts',
  );
});

describe('imports that the table allows', () => {
  test.each(allowed)('$file: $code', async ({ file, code }) => {
    expect(await lint(file, code)).toEqual([]);
    expect(compile(file, code)).toEqual([]);
  });
});

describe('the bridge', () => {
  test.each(touching)('is left alone by components: %s', async (code) => {
    const reports = await lint('renderer/components/probe.ts', code);
    expect(reports).toContainEqual(expect.stringMatching(/bridge|must not import/));
  });

  test.each(touching.slice(0, 3))('is open to renderer/host: %s', async (code) => {
    expect(await lint('renderer/host/probe.ts', code)).toEqual([]);
  });

  test('is left alone by components written in Vue', async () => {
    const code = `<script setup lang="ts">\n${touching[0]?.replace('export ', '')}\n</script>\n`;
    const reports = await lint('renderer/components/Probe.vue', code);
    expect(reports).toContainEqual(expect.stringMatching(/bridge/));
  });
});
