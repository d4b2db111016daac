import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { EngineReport } from '../../../shared/api/engines.ts';
import { program, run } from './command.ts';

/** What a report holds: the fields of EngineReport, each of its type, those that are always there marked. */
const FIELDS: Readonly<Record<keyof EngineReport, readonly [type: string, always: boolean]>> = {
  engine: ['string', true],
  provider: ['string', true],
  installed: ['boolean', true],
  works: ['boolean', true],
  device: ['string', false],
  kind: ['string', false],
  memory: ['number', false],
  memoryInUse: ['number', false],
  busy: ['number', false],
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

  it('refuses what it does not know as wrong usage', async () => {
    for (const args of [['--nope'], ['onnx']]) {
      const { code, stdout, stderr } = await run(['engines', ...args]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^error: .*(--nope|arguments)/);
    }
  });

  it.skipIf(!existsSync('/dev/full'))(
    'says in a line when its output can not be kept',
    async () => {
      const full = await open('/dev/full', 'w');
      const child = spawn(process.execPath, [program, 'engines', '--json'], {
        stdio: ['ignore', full.fd, 'pipe'],
      });
      let stderr = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const [code] = (await once(child, 'close')) as [number];
      await full.close();
      expect(code).toBe(1);
      expect(stderr).toMatch(/^matryoshka: ENOSPC: [^\n]*\n$/);
    },
  );

  it('prints a table for people, and the reasons below it', async () => {
    const { code, stdout } = await run(['engines']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^engine +installed +works +device +memory\n/);
    expect(stdout).toMatch(/^onnx \(cpu\) +yes +yes +CPU, \d+ threads? +[\d.]+ GiB$/m);
    expect(stdout).toMatch(/^tensorflow \(javascript\) +yes +yes +CPU, JavaScript/m);
  });
});
