import type { LayerId } from '../../../shared/keras/spec.ts';
import type { TreeNode } from '../../../shared/keras/tree.ts';
import { allRows } from './rows.ts';

/** How a layer is shared: its mark has one colour at every path. */
export interface SharedMark {
  /** From 1 to 3, as in the tokens `--link-n`. */
  readonly color: number;
  /** Paths among the trees shown. */
  readonly paths: readonly string[];
  /** The most calls that one model makes of it. */
  readonly calls: number;
}

/**
 * The layers that carry a link mark: reached by several of the paths shown, or called several times by one model.
 * What is shared only because the model around it is carries none.
 */
export function sharedMarks(nodes: readonly TreeNode[]): ReadonlyMap<LayerId, SharedMark> {
  const paths = new Map<LayerId, string[]>();
  for (const node of allRows(nodes))
    (paths.get(node.layer) ?? paths.set(node.layer, []).get(node.layer)!).push(node.path);
  const marks = new Map<LayerId, SharedMark>();
  const visit = (node: TreeNode, above: number) => {
    const own = paths.get(node.layer)!;
    if (own.length > above || node.calls > 1) {
      const known = marks.get(node.layer);
      const color = known?.color ?? (marks.size % 3) + 1;
      const calls = Math.max(known?.calls ?? 1, node.calls);
      marks.set(node.layer, { color, paths: own, calls });
    }
    for (const child of node.children ?? []) visit(child, own.length);
  };
  for (const node of nodes) visit(node, 1);
  return marks;
}
