import { readFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCsvLogger } from '../../../../main/trainer/callbacks/csv-logger.ts';
import type { Logs } from '../../../../shared/program/tally.ts';

type Row = Record<string, number | string | (number | string)[]>;

const file = new URL('../../../goldens/callbacks/traces.json', import.meta.url);
const { tables } = JSON.parse(readFileSync(file, 'utf8')) as {
  tables: readonly { separator: string; logs: readonly Row[]; csv: string }[];
};

const logsOf = (row: Row) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(Number) : Number(value),
    ]),
  ) as Logs;

test('writes byte for byte what Keras writes, also across a resume that drops a lost epoch', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-csv-'));
  for (const [i, { separator, logs, csv }] of tables.entries()) {
    const path = join(folder, `deep/${i}.csv`);
    const config = { filename: 'unused', separator, append: false };
    let logger = await openCsvLogger(config, path, null);
    for (const [epoch, row] of logs.entries()) {
      const state = await logger.state();
      const end = { epoch, step: epoch + 1, logs: logsOf(row), learningRate: 0.1 };
      await logger.epochEnd!(end);
      await logger.epochEnd!({ ...end, epoch: 99 });
      await logger.close();
      logger = await openCsvLogger(config, path, JSON.parse(JSON.stringify(state)) as typeof state);
      await logger.epochEnd!(end);
    }
    await logger.close();
    expect(await readFile(path, 'utf8')).toBe(csv);
  }
});

test('appends to what is there only when it is told to', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'matryoshka-csv-')), 'log.csv');
  for (const [append, lines] of [[false, 2], [false, 2], [true, 3]] as const) {
    const logger = await openCsvLogger({ filename: '', separator: ',', append }, path, null);
    const logs = { loss: 1, val_loss: 2 };
    await logger.epochEnd!({ epoch: 0, step: 1, logs, learningRate: 0.1 });
    await logger.close();
    expect((await readFile(path, 'utf8')).trimEnd().split('\r\n')).toHaveLength(lines);
  }
}); // prettier-ignore
