import { describe, expect, it } from 'vitest';
import { templateProject } from '../../../main/service/templates.ts';
import { pathsByLayer } from '../../../shared/keras/graph.ts';
import { renameLayer } from '../../../shared/keras/rename.ts';
import { SpecError } from '../../../shared/keras/spec.ts';
import { traceModel } from '../../../shared/program/trace.ts';

describe('renaming', () => {
  const content = templateProject('autoencoder');

  it('names a layer anew at all its paths, and keeps the keys of its variables', () => {
    const { model } = renameLayer(content, 'autoencoder/encoder', 'coder');
    expect([...pathsByLayer(model).values()].flat()).toContain('autoencoder/coder/conv2d');
    expect([...pathsByLayer(model).values()].flat()).toContain('coder/conv2d');
    const keys = (spec: typeof model) =>
      traceModel(spec, 'autoencoder').variables.map(({ key }) => key);
    expect(keys(model)).toEqual(keys(content.model));
  });

  it('refuses a name that is taken beside it, empty, or a path', () => {
    for (const name of ['conv2d_1', '', 'a/b'])
      expect(() => renameLayer(content, 'encoder/conv2d', name)).toThrow(SpecError);
    expect(() => renameLayer(content, 'autoencoder/encoder', 'decoder')).toThrow(/decoder/);
    expect(renameLayer(content, 'encoder', 'encoder')).toBe(content);
  });

  it('takes settings along that name inputs and outputs', () => {
    const { model, training } = templateProject('multi-io');
    const [output] = model.layers[training.model]!.graph!.outputs;
    const { name } = model.layers[output![0]]!.config;
    expect(training.loss).toHaveProperty(name);
    const path = `${model.layers[training.model]!.config.name}/${name}`;
    const renamed = renameLayer({ model, training }, path, 'other');
    expect(renamed.training.loss).toHaveProperty('other');
    expect(renamed.training.loss).not.toHaveProperty(name);
  });
});
