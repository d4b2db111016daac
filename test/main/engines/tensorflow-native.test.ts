import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../main/engines/engine.ts';
import type * as loaded from '../../../main/engines/tensorflow/engine.ts';
import { installedPackage, installStandIn } from '../../libtensorflow-stand-in/install.ts';
import '../../libtensorflow-stand-in/load-addon.mjs';
import { bundleProgram } from '../service/bundle.ts';
import { conformance } from './conformance.ts';

/** tfjs-node's own JavaScript, our loader and our engine, over a stand-in for the library below them. */
const here = installedPackage('tfjs-node') !== null;
if (!here)
  console.warn(
    '\n@tensorflow/tfjs-node is not installed: its JavaScript is NOT tested. npm install --ignore-scripts brings it.\n',
  );

describe.skipIf(!here)('tfjs-node over a stand-in for libtensorflow', () => {
  let folder: string;
  let createEngine: () => Promise<Engine>;

  beforeAll(async () => {
    // Node 23 and later have lost these two, which tfjs-node calls.
    for (const gone of ['isNullOrUndefined', 'isArray']) Reflect.deleteProperty(util, gone);
    // Inside the repository, so that the bundle finds what lies beside tfjs-node.
    folder = await mkdtemp(resolve('node_modules', '.tfjs-node-test-'));
    await installStandIn(folder, 'tfjs-node');
    const file = await bundleProgram(
      'main/engines/tensorflow/engine.ts',
      join(folder, 'engine.mjs'),
    );
    const { createTensorflowEngine } = (await import(pathToFileURL(file).href)) as typeof loaded;
    createEngine = () => createTensorflowEngine({ provider: 'tfjs-node' });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is what the engine says it computes on', async () => {
    const { device } = await createEngine();
    expect(device).toMatchObject({ kind: 'cpu', provider: 'tfjs-node' });
    expect(device.name).toMatch(/^CPU, \d+ threads?$/);
  });

  conformance('tensorflow (tfjs-node)', () => createEngine());
});
