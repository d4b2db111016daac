import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { asFloat, defineMetric, type MetricDefinition, type MetricState } from './metric.ts';

/** What Keras's IoU metrics have in common, with the names of its configuration. */
interface IouConfig {
  readonly num_classes: number;
  /** Whose intersections count; all unless told. */
  readonly target_class_ids?: readonly number[];
  readonly ignore_class?: number | null;
  /** Whether class numbers come, or a score for each class. */
  readonly sparse_y_true: boolean;
  readonly sparse_y_pred: boolean;
  /** Weights are whole numbers unless it is a float type. */
  readonly dtype?: unknown;
}

const num_classes = z.int().positive();
const target_class_ids = z.array(z.int().nonnegative());
const given = {
  num_classes,
  ignore_class: z.int().nullish(),
  axis: z.literal(-1).optional(),
};
const flag = (fallback: boolean) => z.boolean().default(fallback);
const bothSparse = { sparse_y_true: flag(true), sparse_y_pred: flag(true) };
const oneHot = { sparse_y_true: z.literal(false).default(false), sparse_y_pred: flag(false) };

/** The weighted confusion matrix [true, said], flat. Class numbers out of range do not count. */
function confusion(
  ops: Ops,
  { yTrue, yPred, weight }: { yTrue: Value; yPred: Value; weight?: Value },
  { num_classes, sparse_y_true, sparse_y_pred, ignore_class, dtype }: IouConfig,
): Record<string, Value> {
  const classes = (x: Value, sparse: boolean) => (sparse ? ops.cast(x, 'int32') : ops.argMax(x));
  const is = classes(yTrue, sparse_y_true);
  const said = classes(yPred, sparse_y_pred);
  const factors: Value[] = [];
  if (ignore_class != null) factors.push(asFloat(ops, ops.not(ops.equal(is, ignore_class))));
  if (weight) {
    const whole = /float/.test(String(dtype)) ? weight : ops.cast(weight, 'int32');
    const missing = is.shape.length - weight.shape.length;
    const open = ops.reshape(whole, [
      ...weight.shape,
      ...Array<number>(Math.max(0, missing)).fill(1),
    ]);
    factors.push(ops.expandLike(asFloat(ops, open), is));
  }
  const hot = (x: Value) => ops.oneHot(ops.reshape(x, [null]), num_classes);
  const rows = factors.reduce((a, factor) => ops.mul(a, ops.reshape(factor, [null, 1])), hot(is));
  return { matrix: ops.reshape(ops.matMul(rows, hot(said), true), [num_classes ** 2]) };
}

/** The mean intersection over union of the classes that occur at all. */
function meanOverUnion(totals: MetricState, { num_classes, target_class_ids }: IouConfig): number {
  const at = (row: number, column: number) => totals['matrix']![row * num_classes + column]!;
  const all = Array.from({ length: num_classes }, (_, i) => i);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const values = (target_class_ids ?? all).flatMap((id) => {
    const rows = sum(all.map((other) => at(id, other)));
    const columns = sum(all.map((other) => at(other, id)));
    const union = rows + columns - at(id, id);
    return union === 0 ? [] : [at(id, id) / union];
  });
  return values.length === 0 ? 0 : sum(values) / values.length;
}

function iou(
  className: string,
  names: readonly [string, ...string[]],
  own: z.ZodRawShape,
  said = (_ops: Ops, yPred: Value, _config: unknown) => yPred,
): MetricDefinition {
  return defineMetric(
    className,
    names,
    { dtype: z.unknown().optional(), ...own },
    (ops, { yPred, ...rest }, config) =>
      confusion(ops, { ...rest, yPred: said(ops, yPred, config) }, config as unknown as IouConfig),
    (totals, config) => meanOverUnion(totals, config as unknown as IouConfig),
  );
}

/** The intersection-over-union family. Source: keras.src.metrics.iou_metrics. */
export const iouMetrics: readonly MetricDefinition[] = [
  iou('IoU', ['iou'], { ...given, ...bothSparse, target_class_ids }),
  iou('MeanIoU', ['mean_io_u', 'mean_iou'], { ...given, ...bothSparse }),
  iou('OneHotIoU', ['one_hot_io_u', 'one_hot_iou'], { ...given, ...oneHot, target_class_ids }),
  iou('OneHotMeanIoU', ['one_hot_mean_io_u', 'one_hot_mean_iou'], { ...given, ...oneHot }),
  iou(
    'BinaryIoU',
    ['binary_io_u', 'binary_iou'],
    {
      ...bothSparse,
      num_classes: z.literal(2).default(2),
      target_class_ids: z.array(z.int().min(0).max(1)).default([0, 1]),
      threshold: z.number().default(0.5),
    },
    (ops, yPred, config) =>
      ops.cast(ops.lessEqual((config as { threshold: number }).threshold, yPred), 'int32'),
  ),
];
