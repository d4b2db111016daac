import type { LayerFacts, PlanLayer } from '../api/events.ts';
import type { CompileSettings } from '../keras/compile-settings.ts';
import { layersInside } from '../keras/graph.ts';
import { layerOf, type LayerId, type LayerSpec, type ModelSpec } from '../keras/spec.ts';
import { layerTree, type TreeNode } from '../keras/tree.ts';
import type { Ops, Value } from './builder.ts';
import { optimize } from './optimize.ts';
import type { Program } from './program.ts';
import { addStep } from './step.ts';
import type { NamedTensors, TensorData } from './tensor.ts';
import { traceModel } from './trace.ts';

/** A program that looks at a training step without making it, and how its outputs are read. */
export interface LayerWatch {
  /** Takes the feeds of the training step that it looks at; updates nothing. */
  readonly program: Program;
  /** The rows of the model's layer tree, each model before what it holds. */
  readonly layers: readonly PlanLayer[];
  /** What the outputs of a run say of each row. */
  read(outputs: NamedTensors): LayerFacts;
}

/**
 * Watches all layers of a model in its training step: the norm of the gradient and of the update, and which units give
 * 0 for every sample. A row of the tree stands for all that is inside it: every variable and every unit once, however
 * many paths lead to it; a unit is dead when it gave 0 wherever it was used below the row. Throws as `compileModel`.
 */
export function watchLayers(
  spec: ModelSpec,
  model: LayerId,
  settings: CompileSettings,
): LayerWatch {
  const trace = traceModel(spec, model, { training: true });
  const { moved, updates } = addStep(trace, spec, model, settings);
  const { ops } = trace;
  const outputs: Record<string, Value> = {};
  for (const { key, value, gradient } of moved) {
    outputs[`gradient/${key}`] = squares(ops, gradient);
    outputs[`change/${key}`] = squares(ops, ops.sub(updates[key]!, value));
    outputs[`weight/${key}`] = squares(ops, value);
  }
  const uses: Use[] = [];
  trace.calls.forEach(({ path, layer, outputs: [output] }, call) => {
    const units = output && hasUnits(layerOf(spec, layer)) ? (output.shape.at(-1) ?? 0) : 0;
    if (!output || output.dtype !== 'float32' || output.shape.length < 2 || units === 0) return;
    const axes = output.shape.map((_, axis) => axis).slice(0, -1);
    outputs[`reach/${call}`] = ops.reduceMax(ops.abs(output), axes);
    uses.push({ path, layer, output: `reach/${call}`, units });
  });

  const trained = new Set(moved.map(({ key }) => key));
  const keysByLayer = grouped(
    trace.variables.filter(({ key }) => trained.has(key)),
    ({ layer }) => layer,
  );
  const rows = layerTree(spec, [model])
    .flatMap(allNodes)
    .map(({ path, layer }): Row => {
      const below = uses.filter((use) => use.path === path || use.path.startsWith(`${path}/`));
      const keys = layersInside(spec, layer)
        .flatMap((inside) => keysByLayer.get(inside) ?? [])
        .map(({ key }) => key);
      const byLayer = grouped(below, (use) => use.layer);
      return { path, keys, shared: [...byLayer.values()] };
    });
  return {
    program: optimize(ops.program(outputs)),
    layers: rows.map(({ path, shared }) => ({
      path,
      units: shared.reduce((sum, [use]) => sum + use!.units, 0),
    })),
    read(values) {
      const norm = (kind: string, { keys }: Row) =>
        Math.sqrt(keys.reduce((sum, key) => sum + values[`${kind}/${key}`]!.data[0]!, 0));
      const ifTrained = (row: Row, value: () => number) => (row.keys.length > 0 ? value() : null);
      return {
        gradients: rows.map((row) => ifTrained(row, () => short(norm('gradient', row)))),
        updates: rows.map((row) =>
          ifTrained(row, () => short(norm('change', row) / norm('weight', row))),
        ),
        dead: rows.map(({ shared }) =>
          shared.length === 0
            ? null
            : shared.reduce(
                (sum, same) => sum + deadUnits(same.map(({ output }) => values[output]!)),
                0,
              ),
        ),
      };
    },
  };
}

/** A call of a layer that has units. */
interface Use {
  readonly path: string;
  readonly layer: LayerId;
  /** The output that holds how far from 0 each unit came. */
  readonly output: string;
  readonly units: number;
}

/** What stands below a path: the trained variables, and the calls with units, by their layer. */
interface Row {
  readonly path: string;
  readonly keys: readonly string[];
  readonly shared: readonly (readonly Use[])[];
}

function grouped<T>(list: readonly T[], key: (item: T) => LayerId): Map<LayerId, T[]> {
  const groups = new Map<LayerId, T[]>();
  for (const item of list) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

function allNodes(node: TreeNode): TreeNode[] {
  return [node, ...(node.children ?? []).flatMap(allNodes)];
}

function squares(ops: Ops, value: Value): Value {
  const axes = value.shape.map((_, axis) => axis);
  return ops.reduceSum(ops.mul(value, value), axes);
}

/** Whether the layer gives what an activation makes, so that a unit can be stuck at 0. */
function hasUnits({ class_name, config }: LayerSpec): boolean {
  if (class_name === 'ReLU') return true;
  const { activation } = config;
  return activation != null && activation !== 'linear';
}

/** Units that stayed at 0 in every one of these uses. */
function deadUnits(uses: readonly TensorData[]): number {
  let dead = 0;
  for (let unit = 0; unit < uses[0]!.data.length; unit++)
    if (uses.every(({ data }) => data[unit] === 0)) dead += 1;
  return dead;
}

/** Four figures: a history of thousands of such numbers stays small. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}
