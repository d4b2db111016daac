import type { TreeNode } from '../../../shared/keras/tree.ts';

/** A column beside the names. */
export interface Column {
  readonly id: string;
  readonly title: string;
  /** In px. */
  readonly width: number;
  readonly align: 'start' | 'end';
  /** What the cell says; null where the column says nothing of this layer. */
  text(node: TreeNode, open: boolean): string | null;
  /** What the column says, in a sentence. */
  readonly hint?: string;
  /** The pane's width in px from which on there is room for it. */
  readonly from?: number;
  /** Whether what the cell says needs attention. */
  warns?(node: TreeNode): boolean;
  /** A line in place of the text, as an SVG path in a box of `TREND_BOX`. */
  path?(node: TreeNode): string | null;
}

/** The box of a line in a cell, in px. */
export const TREND_BOX = { width: 44, height: 16 };

/** The rows that can be seen, from top to bottom. */
export function visibleRows(
  nodes: readonly TreeNode[],
  isOpen: (path: string) => boolean,
): TreeNode[] {
  return nodes.flatMap((node) => [
    node,
    ...(node.children && isOpen(node.path) ? visibleRows(node.children, isOpen) : []),
  ]);
}

/** Every layer, folded or not, each model before what it holds. */
export function allRows(nodes: readonly TreeNode[]): TreeNode[] {
  return visibleRows(nodes, () => true);
}

/** The trees cut down to the layers whose name or class has the text in it, and the models on the way to them. */
export function filterTree(nodes: readonly TreeNode[], text: string): TreeNode[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [...nodes];
  const fits = (node: TreeNode) =>
    node.name.toLowerCase().includes(wanted) || node.className.toLowerCase().includes(wanted);
  const cut = (list: readonly TreeNode[]): TreeNode[] =>
    list.flatMap((node): TreeNode[] => {
      const children = node.children && cut(node.children);
      if (children && children.length > 0) return [{ ...node, children }];
      return fits(node) ? [{ ...node, children: node.children && [] }] : [];
    });
  return cut(nodes);
}

/** How many layers a model holds directly; what is inside nested models counts there. */
export function countInside(node: TreeNode): { layers: number; models: number } {
  const children = node.children ?? [];
  const models = children.filter((child) => child.children).length;
  return { layers: children.length - models, models };
}
