import { wrapCells } from '../cells.ts';
import type { Shape } from '../program/tensor.ts';
import { readableBytes } from './summary-bytes.ts';
import { drawTable, type Column } from './summary-table.ts';
import type { ParameterCount, Summary, SummaryRow } from './summary.ts';

export interface Keras3Options {
  /** Cells of the terminal; Keras takes `COLUMNS`, the terminal's own width or 80. */
  readonly width?: number;
  /** Adds a column that says what is trained. */
  readonly showTrainable?: boolean;
}

/**
 * A summary as Keras 3's `model.summary()` prints it, with a newline at the end.
 * Throws a RangeError when the width leaves a column less than 4 cells.
 * Source: keras.src.utils.summary_utils.print_summary.
 */
export function keras3Summary(
  summary: Summary,
  { width = 80, showTrainable = false }: Keras3Options = {},
): string {
  const { chain, trainable, nonTrainable, optimizer } = summary;
  const longest = (chain ? 88 : 108) + (showTrainable ? 12 : 0);
  const length = Math.min(longest, width - 4);
  const rows = summary.rows.map((row) => fields(row, chain, showTrainable));
  const total = {
    count: trainable.count + nonTrainable.count + (optimizer?.count ?? 0),
    bytes: trainable.bytes + nonTrainable.bytes + (optimizer?.bytes ?? 0),
  };
  const lines = [
    ...wrapCells(`Model: "${summary.name}"`, width, true),
    ...drawTable(columnsFor(chain, showTrainable, length), rows, length),
    ...totalLine('Total', total, width),
    ...totalLine('Trainable', trainable, width),
    ...totalLine('Non-trainable', nonTrainable, width),
    ...(optimizer ? totalLine('Optimizer', optimizer, width) : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function columnsFor(chain: boolean, showTrainable: boolean, length: number): Column[] {
  const heads: (readonly [string, Column['justify']])[] = [
    ['Layer (type)', 'left'],
    ['Output Shape', 'left'],
    ['Param #', 'right'],
  ];
  if (!chain) heads.push(['Connected to', 'left']);
  let ends = chain ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1];
  if (showTrainable) {
    heads.push(['Trainable', 'center']);
    ends = [...ends.map((end) => end * 0.9), 1];
  }
  let start = 0;
  return heads.map(([header, justify], i) => {
    const width = Math.trunc(ends[i]! * length) - start;
    if (width < 4)
      throw new RangeError(
        `a summary of ${heads.length} columns does not fit into ${length} cells`,
      );
    start += width;
    return { header, justify, width };
  });
}

function fields(row: SummaryRow, chain: boolean, showTrainable: boolean): string[] {
  const prefix = row.depth > 0 ? `${'   '.repeat(row.depth)}└ ` : '';
  const connections = row.connections.map(([name, call, output]) => `${name}[${call}][${output}]`);
  const cells = [
    `${prefix}${row.name} (${row.className})`,
    shapeText(row),
    row.params === null ? '0 (unbuilt)' : grouped(row.params),
  ];
  if (!chain) cells.push(connections.join(', ') || '-');
  if (showTrainable) cells.push(row.trainable === null ? '-' : row.trainable ? 'Y' : 'N');
  return cells;
}

/** The shape of the last call; several outputs are a list. */
function shapeText({ shapes }: SummaryRow): string {
  const texts = shapes.at(-1)?.map(plainShape) ?? [];
  return texts.length < 2 ? (texts[0] ?? '?') : `[${texts.join(', ')}]`;
}

function plainShape(shape: Shape): string {
  return `(${shape.map((dim) => dim ?? 'None').join(', ')})`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function totalLine(label: string, { count, bytes }: ParameterCount, width: number): string[] {
  const text = ` ${label} params: ${grouped(count)} (${readableBytes(bytes, 'B')})`;
  return wrapCells(text, width, true);
}
