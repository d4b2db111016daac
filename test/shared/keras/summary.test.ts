import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import { fromKerasConfig } from '../../../shared/keras/keras-json.ts';
import { keras2Summary } from '../../../shared/keras/summary-keras2.ts';
import { keras3Summary } from '../../../shared/keras/summary-keras3.ts';
import { summarize, type SummaryOptions } from '../../../shared/keras/summary.ts';
import { readGolden } from '../../support/goldens.ts';
import { seedModels } from '../../support/seed.ts';

const folder = new URL('../../goldens/summaries/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));

function golden(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8');
}

function summaryOf(stem: string, options: SummaryOptions = {}) {
  const spec = fromKerasConfig(readGolden(`summaries/${stem}.model`));
  return summarize(spec, spec.models[0]!, options);
}

/** Random models with long and wide names, and others, as Keras itself prints them. */
interface OtherWidth {
  readonly config: unknown;
  readonly width: number;
  readonly expandNested: boolean;
  readonly showTrainable: boolean;
  readonly text: string[];
}

describe('in the style of Keras 3', () => {
  it.each(files.filter((file) => !/^keras2|compiled/.test(file)))('%s', (file) => {
    const [, stem, expanded, showTrainable] = /^(.*?)(-expanded)?(-trainable)?\.txt$/.exec(file)!;
    const summary = summaryOf(stem!, { expandNested: expanded !== undefined });
    expect(keras3Summary(summary, { showTrainable: showTrainable !== undefined })).toBe(
      golden(file),
    );
  });

  it("counts the optimizer's variables once there are some", () => {
    const summary = summaryOf('b-siamese', { optimizerParams: 130 });
    expect(keras3Summary(summary)).toBe(golden('b-compiled-trained.txt'));
  });

  const others = readGolden<OtherWidth[]>('summaries/keras3-widths');
  it.each(others.map((other, i) => [other.width, i] as const))(
    'is as Keras 3.15 prints it at %i columns (%i)',
    (_, i) => {
      const { config, width, expandNested, showTrainable, text } = others[i]!;
      const spec = fromKerasConfig(config);
      const summary = summarize(spec, spec.models[0]!, { expandNested });
      expect(keras3Summary(summary, { width, showTrainable })).toBe(text.join('\n'));
    },
  );

  it('refuses a terminal that has no room for its columns', () => {
    expect(() => keras3Summary(summaryOf('b-siamese'), { width: 20 })).toThrow(
      'a summary of 4 columns does not fit into 16 cells',
    );
  });
});

describe('in the style of Keras 2', () => {
  it("prints the seed's tables", () => {
    const texts = ['encoder', 'decoder', 'autoencoder'].map((model) =>
      keras2Summary(summarize(seedModels, model)),
    );
    texts.push(keras2Summary(summarize(seedModels, 'autoencoder', { expandNested: true })));
    expect(texts.join('\n')).toBe(golden('keras2-style.txt'));
  });

  it('shows connections and nests as Keras 2 does', () => {
    const summary = summaryOf('b-siamese', { expandNested: true });
    expect(keras2Summary(summary, { showTrainable: true })).toBe(golden('keras2-siamese.txt'));
  });
});

describe('a summary', () => {
  const twice = compose(({ input, layers, model }) => {
    const x = input([4], { name: 'x' });
    const dense = layers.dense(4, { name: 'd', trainable: false });
    return model(x, layers.add({ name: 'sum' })([dense(x), dense(dense(x))]), { name: 'twice' });
  });

  it('counts a layer that is called often once, and says what is frozen', () => {
    const summary = summarize(twice, 'twice');
    expect(summary).toMatchObject({
      chain: false,
      trainable: { count: 0, bytes: 0 },
      nonTrainable: { count: 20, bytes: 80 },
    });
    expect(summary.rows.map(({ name, params, trainable }) => [name, params, trainable])).toEqual([
      ['x', 0, null],
      ['d', 20, false],
      ['sum', 0, null],
    ]);
    expect(summary.rows[1]!.connections).toHaveLength(3);
  });

  it('lists the layers of a Sequential that is not built', () => {
    const unbuilt = fromKerasConfig({
      class_name: 'Sequential',
      config: {
        name: 's',
        layers: [
          { class_name: 'Dense', config: { name: 'd', units: 3 } },
          { class_name: 'Dropout', config: { name: 'o', rate: 0.5 } },
        ],
      },
    });
    const summary = summarize(unbuilt, 's');
    expect(summary.rows.map(({ params, shapes }) => [params, shapes])).toEqual([
      [null, []],
      [0, []],
    ]);
    expect(keras3Summary(summary)).toContain(
      '│ d (Dense)                       │ ?                      │   0 (unbuilt) │\n',
    );
  });

  it('names the path of a layer that can not be', () => {
    const wrong = fromKerasConfig({
      class_name: 'Sequential',
      config: {
        name: 's',
        build_input_shape: [null, 4],
        layers: [{ class_name: 'Conv2D', config: { name: 'c', filters: 2, kernel_size: 3 } }],
      },
    });
    expect(() => summarize(wrong, 's')).toThrow(/^s\/c: Conv2D: expected a batch, 2 spatial axes/);
  });

  it('keeps what could steer a terminal out of names', () => {
    const tricky = compose(({ input, layers, model }) => {
      const x = input([2], { name: 'x' });
      return model(x, layers.dense(1, { name: 'a\u001b[31mb' })(x), { name: 'm' });
    });
    expect(keras3Summary(summarize(tricky, 'm'))).toContain('a\ufffd[31mb (Dense)');
  });
});
