import { cellsOf, ellipsize, wrapCells } from '../cells.ts';

/** A column of a table: its heading, how its text stands, and the width that it asks for. */
export interface Column {
  readonly header: string;
  readonly justify: 'left' | 'right' | 'center';
  readonly width: number;
}

/**
 * A table with a heavy head and lines between rows, `width` cells wide, as rich draws it: columns that ask for
 * more than there is lose evenly, text wraps between words, and a word that is too long ends in `…`.
 */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columnWidths(columns, width);
  const line = (left: string, fill: string, between: string, right: string) =>
    left + widths.map((cells) => fill.repeat(cells)).join(between) + right;
  const lines = [line('┏', '━', '┳', '┓')];
  const headers = columns.map(({ header }) => header);
  lines.push(...drawRow(columns, headers, widths, '┃', true));
  lines.push(line('┡', '━', '╇', '┩'));
  rows.forEach((row, i) => {
    if (i > 0) lines.push(line('├', '─', '┼', '┤'));
    lines.push(...drawRow(columns, row, widths, '│', false));
  });
  lines.push(line('└', '─', '┴', '┘'));
  return lines;
}

/** Widths with a space on both sides, without the lines between. */
function columnWidths(columns: readonly Column[], width: number): number[] {
  const widths = columns.map((column) => column.width + 2);
  const available = width - (columns.length + 1);
  let excess = widths.reduce((sum, cells) => sum + cells, 0) - available;
  if (excess <= 0) return widths;
  return widths.map((cells, i) => {
    const share = Math.min(cells, roundHalfEven(excess / (widths.length - i)));
    excess -= share;
    return cells - share;
  });
}

/** Rounds as Python does. */
function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  return x - below === 0.5 ? below + (below % 2) : Math.round(x);
}

function drawRow(
  columns: readonly Column[],
  texts: readonly string[],
  widths: readonly number[],
  edge: string,
  bottom: boolean,
): string[] {
  const cells = columns.map(({ justify }, i) => drawCell(texts[i]!, widths[i]!, justify));
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) => {
    const parts = cells.map((lines, i) => {
      const at = bottom ? row - (height - lines.length) : row;
      return lines[at] ?? ' '.repeat(widths[i]!);
    });
    return edge + parts.join(edge) + edge;
  });
}

function drawCell(text: string, width: number, justify: Column['justify']): string[] {
  const inner = width - 2;
  if (inner < 1) return [];
  return wrapCells(text, inner, false).map((line) => {
    const shown = ellipsize(justify === 'left' ? line : line.trimEnd(), inner);
    const space = inner - cellsOf(shown);
    const before = justify === 'left' ? 0 : justify === 'right' ? space : Math.floor(space / 2);
    return ` ${' '.repeat(before)}${shown}${' '.repeat(space - before)} `;
  });
}
