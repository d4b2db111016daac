/** A row of a tree: what is inside it, if it can hold something. */
export interface TreeRow {
  readonly path: string;
  readonly name: string;
  readonly children: readonly TreeRow[] | null;
}

/** What a key does in a tree: where the focus goes, which models open or close. */
export interface Move {
  readonly to?: string;
  readonly open?: readonly string[];
  readonly close?: string;
}

/** The keys of the WAI-ARIA tree pattern, for the row at this position; null for a key that does nothing. */
export function moveFocus(
  rows: readonly TreeRow[],
  at: number,
  key: string,
  typed: string,
  isOpen: (path: string) => boolean,
): Move | null {
  const row = rows[at]!;
  const opened = row.children !== null && isOpen(row.path);
  const to = (node: TreeRow | undefined): Move | null => (node ? { to: node.path } : null);
  switch (key) {
    case 'ArrowDown':
      return to(rows[at + 1]);
    case 'ArrowUp':
      return to(rows[at - 1]);
    case 'Home':
      return to(rows[0]);
    case 'End':
      return to(rows.at(-1));
    case 'ArrowRight':
      if (row.children === null) return null;
      return opened ? to(row.children[0]) : { open: [row.path] };
    case 'ArrowLeft':
      if (opened) return { close: row.path };
      return to(rows.find((other) => row.path.slice(0, row.path.lastIndexOf('/')) === other.path));
    case '*':
      return { open: siblings(rows, row).flatMap((node) => (node.children ? [node.path] : [])) };
  }
  if (key.length !== 1 || typed === '') return null;
  // The same letter again goes on to the next row that begins with it.
  const start = typed.length === 1 ? at + 1 : at;
  const order = [...rows.slice(start), ...rows.slice(0, start)];
  return to(order.find((other) => other.name.toLowerCase().startsWith(typed)));
}

function siblings(rows: readonly TreeRow[], row: TreeRow): TreeRow[] {
  const parent = (node: TreeRow) => node.path.slice(0, Math.max(0, node.path.lastIndexOf('/')));
  return rows.filter((other) => parent(other) === parent(row));
}
