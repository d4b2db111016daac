import type { z } from 'zod';
import type { csvLoggerConfig } from '../../../shared/keras/callbacks/logger-configs.ts';
import type { JsonObject } from '../../../shared/keras/spec.ts';
import { openGrowingFile } from './growing-file.ts';
import type { CallbackWriter } from './open.ts';
import { pythonNumber } from './python-number.ts';

/**
 * Writes the logs of each epoch as a row, byte for byte as Keras's CSVLogger does: epochs from 0, columns by name, `NA`
 * for what is missing. Source: keras.src.callbacks.csv_logger.CSVLogger.
 */
export async function openCsvLogger(
  { separator, append }: z.infer<typeof csvLoggerConfig>,
  path: string,
  state: JsonObject | null,
): Promise<CallbackWriter> {
  const end = state ? Number(state['size']) : append ? Infinity : 0;
  const file = await openGrowingFile(path, end);
  let hasHead = file.size > 0;
  let keys = (state?.['keys'] ?? null) as readonly string[] | null;
  const line = (cells: readonly string[]) =>
    Buffer.from(`${cells.map((cell) => quoted(cell, separator)).join(separator)}\r\n`);
  return {
    async epochEnd({ epoch, logs }) {
      keys ??= columnsOf(Object.keys(logs));
      if (!hasHead) await file.append(line(['epoch', ...keys]));
      hasHead = true;
      const cells = keys.map((key) => cellOf(logs[key]));
      await file.append(line([String(epoch), ...cells]));
    },
    async state() {
      await file.sync();
      return { size: file.size, keys };
    },
    close: file.close,
  };
}

/** The logs' names in order; without validation, empty columns for it, as Keras has them. */
function columnsOf(names: readonly string[]): string[] {
  const sorted = names.toSorted((a, b) => (a < b ? -1 : 1));
  if (sorted.some((name) => name.startsWith('val_'))) return sorted;
  return [...sorted, ...sorted.map((name) => `val_${name}`)];
}

function cellOf(value: number | readonly number[] | undefined): string {
  if (value === undefined) return 'NA';
  if (typeof value === 'number') return pythonNumber(value);
  return `"[${value.map(pythonNumber).join(', ')}]"`;
}

/** A cell as Python's csv module writes it. */
function quoted(cell: string, separator: string): string {
  const plain = ![separator, '"', '\r', '\n'].some((sign) => cell.includes(sign));
  return plain ? cell : `"${cell.replaceAll('"', '""')}"`;
}
