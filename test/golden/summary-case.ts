import { fromKerasConfig } from '../../shared/keras/keras-json.ts';
import { keras2Summary } from '../../shared/keras/summary-keras2.ts';
import { keras3Summary } from '../../shared/keras/summary-keras3.ts';
import { summarize } from '../../shared/keras/summary.ts';

/** A summary as text at 80 columns, by the name of its golden file, from the model's Keras config. */
export function summaryText(file: string, config: unknown): string {
  const [, expanded, trainable] = /(-expanded)?(-trainable)?\.txt$/.exec(file)!;
  const spec = fromKerasConfig(config);
  const optimizerParams = /compiled-trained/.test(file) ? adamParams(spec) : undefined;
  const summary = summarize(spec, spec.models.at(-1)!, {
    expandNested: expanded !== undefined,
    ...(optimizerParams !== undefined && { optimizerParams }),
  });
  return keras3Summary(summary, { showTrainable: trainable !== undefined });
}

/** What Adam keeps: two numbers a trainable parameter, its step count and its learning rate. */
function adamParams(spec: ReturnType<typeof fromKerasConfig>): number {
  return 2 * summarize(spec, spec.models.at(-1)!).trainable.count + 2;
}

/** The seed's three summaries as Keras 2 prints them. */
export function keras2Text(configs: readonly unknown[]): string {
  return configs
    .map((config) => {
      const spec = fromKerasConfig(config);
      return keras2Summary(summarize(spec, spec.models.at(-1)!));
    })
    .join('\n');
}
