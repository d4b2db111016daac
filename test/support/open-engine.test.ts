import { expect, test } from 'vitest';
import { openEngine } from './open-engine.ts';

test('an engine that works here is opened, by its first provider unless one is named', async () => {
  for (const provider of [undefined, 'cpu']) {
    const engine = await openEngine('onnx', provider);
    expect(engine.device).toMatchObject({ kind: 'cpu', provider: 'cpu' });
    await engine.dispose();
  }
});

test('a provider that can not be had is named with the reason', async () => {
  await expect(openEngine('onnx', 'abacus')).rejects.toThrow(
    /^onnx \(abacus\) does not work here: ONNX Runtime has no provider "abacus" here, only cpu/,
  );
});
