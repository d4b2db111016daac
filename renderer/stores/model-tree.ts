import { SpecError, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import { layerTree, type TreeNode } from '../../shared/keras/tree.ts';

/** The trees of a spec's models, or why there are none. */
export interface ModelTrees {
  readonly roots: readonly TreeNode[];
  readonly error: SpecError | null;
}

const trees = new WeakMap<ModelSpec, Map<string, ModelTrees>>();

/** The trees of these models; computed once a spec. */
export function modelTrees(spec: ModelSpec, models: readonly LayerId[]): ModelTrees {
  const memo = trees.get(spec) ?? new Map<string, ModelTrees>();
  trees.set(spec, memo);
  const key = JSON.stringify(models);
  const known = memo.get(key) ?? readTrees(spec, models);
  memo.set(key, known);
  return known;
}

function readTrees(spec: ModelSpec, models: readonly LayerId[]): ModelTrees {
  try {
    return { roots: layerTree(spec, models), error: null };
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return { roots: [], error };
  }
}

/** The row at a path. */
export function nodeAt(roots: readonly TreeNode[], path: string | null): TreeNode | null {
  if (path === null) return null;
  for (const node of roots) {
    if (node.path === path) return node;
    if (node.children && path.startsWith(`${node.path}/`)) return nodeAt(node.children, path);
  }
  return null;
}

/** Parameters of several models together, each layer counted once. */
export function distinctParams(roots: readonly TreeNode[]): number {
  const seen = new Set<LayerId>();
  let count = 0;
  const visit = (node: TreeNode) => {
    if (seen.has(node.layer)) return;
    seen.add(node.layer);
    if (node.children) node.children.forEach(visit);
    else count += node.params;
  };
  roots.forEach(visit);
  return count;
}
