/** The metrics that get better as they grow, by Keras's class; source: the `_direction` of keras.src.metrics. */
const growing: ReadonlySet<string> = new Set([
  'AUC', 'Accuracy', 'BinaryAccuracy', 'BinaryIoU', 'CategoricalAccuracy', 'ConcordanceCorrelation',
  'CosineSimilarity', 'F1Score', 'FBetaScore', 'IoU', 'MeanIoU', 'OneHotIoU', 'OneHotMeanIoU',
  'PearsonCorrelation', 'Precision', 'PrecisionAtRecall', 'R2Score', 'Recall', 'RecallAtPrecision',
  'SensitivityAtSpecificity', 'SparseCategoricalAccuracy', 'SparseTopKCategoricalAccuracy',
  'SpecificityAtSensitivity', 'TopKCategoricalAccuracy', 'TruePositives', 'TrueNegatives',
]); // prettier-ignore

/** The metrics of which neither is better. */
const neither: ReadonlySet<string> = new Set(['Mean']);

/** Whether a metric gets better as it grows or as it shrinks; undefined where neither can be said. */
export function metricDirection(className: string): 'min' | 'max' | undefined {
  if (neither.has(className)) return undefined;
  return growing.has(className) ? 'max' : 'min';
}
