import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { lowerProgram } from '../../../main/engines/onnx/lower.ts';
import { encodeModel } from '../../../main/engines/onnx/proto.ts';
import { compileModel } from '../../../shared/program/step.ts';
import { seedModels } from '../../support/seed.ts';

const SCRIPT = `
import sys, onnx
model = onnx.load_model_from_string(sys.stdin.buffer.read())
onnx.checker.check_model(model)
print(len(model.graph.node), model.opset_import[0].version)
`;

const PYTHON = '/usr/bin/python3';
const there = spawnSync(PYTHON, ['-c', 'import onnx']).status === 0;
if (!there) console.warn('SKIPPED: the models are not checked by onnx.checker: no python3-onnx');

describe.skipIf(!there)("onnx.checker takes the seed's programs", () => {
  const compiled = compileModel(seedModels, 'autoencoder', {
    optimizer: { class_name: 'Adam', config: {} },
    loss: 'mse',
  });
  for (const name of ['train', 'evaluate', 'predict'] as const)
    for (const block of [null, 16])
      it(`${name}, ${block === null ? "ONNX's own operators" : 'blocked images'}`, () => {
        const { model } = lowerProgram(compiled[name], block);
        const checked = spawnSync(PYTHON, ['-c', SCRIPT], { input: encodeModel(model) });
        expect(checked.stderr.toString()).toBe('');
        expect(checked.stdout.toString()).toBe(`${model.nodes.length} 17\n`);
        const domains = new Set(model.nodes.map((node) => node.domain));
        expect(domains.size).toBe(block === null ? 1 : 2);
      });
});
