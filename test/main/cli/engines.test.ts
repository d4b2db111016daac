import { describe, expect, it } from 'vitest';
import type { EngineReport } from '../../../shared/api/engines.ts';
import { run } from './command.ts';

/** What a report holds: the fields of EngineReport, each of its type, those that are always there marked. */
const FIELDS: Readonly<Record<keyof EngineReport, readonly [type: string, always: boolean]>> = {
  engine: ['string', true],
  provider: ['string', true],
  installed: ['boolean', true],
  works: ['boolean', true],
  device: ['string', false],
  kind: ['string', false],
  memory: ['number', false],
  samplesPerSecond: ['number', false],
  reason: ['string', false],
};

describe('matryoshka engines', () => {
  it('prints what the type says as JSON, and nothing else', async () => {
    const { code, stdout, stderr } = await run(['engines', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const reports = JSON.parse(stdout) as EngineReport[];
    expect(reports.map(({ engine, provider }) => `${engine} ${provider}`)).toEqual(
      expect.arrayContaining(['onnx cpu', 'tensorflow tfjs-node', 'tensorflow javascript']),
    );
    for (const report of reports) {
      for (const [name, value] of Object.entries(report))
        expect([name, typeof value]).toEqual([name, FIELDS[name as keyof EngineReport]?.[0]]);
      for (const [name, [, always]] of Object.entries(FIELDS))
        if (always) expect(report).toHaveProperty(name);
      expect(report.works ? report.device : report.reason).toMatch(/\w/);
    }
  });

  it('prints a table for people, and the reasons below it', async () => {
    const { code, stdout } = await run(['engines']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^engine +installed +works +device +memory\n/);
    expect(stdout).toMatch(/^onnx \(cpu\) +yes +yes +CPU, \d+ threads? +[\d.]+ GiB$/m);
    expect(stdout).toMatch(/^tensorflow \(javascript\) +yes +yes +CPU, JavaScript/m);
  });
});
