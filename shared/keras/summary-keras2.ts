import { formatShape, type Shape } from '../program/tensor.ts';
import { readableBytes } from './summary-bytes.ts';
import type { ParameterCount, Summary, SummaryRow } from './summary.ts';

/**
 * A summary as Keras 2 (2.13 to 2.15) prints it, with a newline at the end. Its width is fixed: 65 characters, 98 with
 * connections, and 11 more when it shows what is trained. Fields that are too long go on in the next line.
 */
export function keras2Summary(
  summary: Summary,
  { showTrainable = false }: { readonly showTrainable?: boolean } = {},
): string {
  const { chain, rows } = summary;
  let length = chain ? 65 : 98;
  const ends = (chain ? [0.45, 0.85, 1] : [0.3, 0.6, 0.7, 1]).map((end) =>
    Math.trunc(length * end),
  );
  const heads = ['Layer (type)', 'Output Shape', 'Param #', ...(chain ? [] : ['Connected to'])];
  if (showTrainable) {
    length += 11;
    ends.push(length);
    heads.push('Trainable');
  }
  const lines = [
    `Model: "${summary.name}"`,
    '_'.repeat(length),
    ...printRow(heads, ends, 0),
    '='.repeat(length),
  ];
  rows.forEach((row, i) => {
    lines.push(...printRow(fields(row, chain, showTrainable), ends, row.depth));
    if (row.expanded) lines.push(framed('¯', row.depth + 1, length));
    else {
      const next = rows[i + 1]?.depth ?? 0;
      if (next === row.depth) lines.push(framed(' ', row.depth, length));
      for (let depth = row.depth - 1; depth >= next; depth--)
        lines.push(framed('¯', depth, length));
    }
  });
  lines.push('='.repeat(length), ...totals(summary), '_'.repeat(length));
  return lines.map((line) => `${line}\n`).join('');
}

function framed(fill: string, depth: number, length: number): string {
  const edge = '|'.repeat(depth);
  return edge + fill.repeat(length - 2 * depth) + edge;
}

/** Where Keras breaks a field into lines: after the parts of a list. */
const BREAKS = ['),', '},', '],', "',"];

/** One row in as many lines as its longest field needs; nested rows stand between bars. */
function printRow(texts: readonly string[], ends: readonly number[], depth: number): string[] {
  const left = texts.map((text) => [...text]);
  const last = ends.length - 1;
  const lines: string[] = [];
  while (left.some((rest) => rest.length > 0)) {
    let line = '';
    left.forEach((rest, column) => {
      const space = column === last ? 0 : 2;
      const room =
        ends[column]! - (ends[column - 1] ?? 0) - space - (column === last ? 0 : 1) -
        (column === 0 ? depth : 0); // prettier-ignore
      // Deep in a narrow column a letter a line is the least that ends.
      const fits = rest.slice(0, Math.max(room, 1)).join('');
      const cuts = BREAKS.filter((mark) => fits.includes(mark)).map(
        (mark) => fits.indexOf(mark) + mark.length,
      );
      const taken = cuts.length > 0 ? fits.slice(0, Math.min(...cuts)) : fits;
      if (column === 0) line += `${'|'.repeat(depth)} `;
      line += taken + ' '.repeat(space);
      rest.splice(0, [...taken].length);
      const width = ends[column]! - (column === last ? depth : 0);
      line += ' '.repeat(Math.max(width - [...line].length, 0));
    });
    lines.push(line + '|'.repeat(depth));
  }
  return lines;
}

function fields(row: SummaryRow, chain: boolean, showTrainable: boolean): string[] {
  const connections = row.connections.map(
    ([name, call, output]) => `'${name}[${call}][${output}]'`,
  );
  const cells = [
    `${row.name} (${row.className})`,
    shapeText(row),
    row.params === null ? '0 (unused)' : String(row.params),
  ];
  if (!chain) cells.push(`[${connections.join(', ')}]`);
  if (showTrainable) cells.push(row.unfrozen ? 'Y' : 'N');
  return cells;
}

/** An InputLayer's shape stands in a list, as several outputs do. A layer whose calls differ has no one shape. */
function shapeText({ className, shapes, modelShapes }: SummaryRow): string {
  const calls = (modelShapes ? [modelShapes] : shapes).map((outputs) => {
    const list = className === 'InputLayer' || outputs.length > 1;
    const texts = outputs.map((shape: Shape) => formatShape(shape)).join(', ');
    return list ? `[${texts}]` : texts;
  });
  if (calls.length === 0) return '?';
  return calls.every((text) => text === calls[0]) ? calls[0]! : 'multiple';
}

function totals({ trainable, nonTrainable }: Summary): string[] {
  const all = {
    count: trainable.count + nonTrainable.count,
    bytes: trainable.bytes + nonTrainable.bytes,
  };
  const line = (label: string, { count, bytes }: ParameterCount) =>
    `${label} params: ${count} (${readableBytes(bytes, 'Byte')})`;
  return [line('Total', all), line('Trainable', trainable), line('Non-trainable', nonTrainable)];
}
