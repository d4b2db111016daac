import { compose, type Composer } from '../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';

/** A small autoencoder of digits from an encoder and a decoder. */
export const autoencoder: ModelSpec = compose((composer) => digitModels(composer));

function digitModels({ input, layers, model }: Composer) {
  const image = input([28, 28, 1], { name: 'image' });
  const hidden = layers.dense(16, { activation: 'relu' })(layers.flatten()(image));
  const encoder = model(image, layers.dropout(0.1)(hidden), { name: 'encoder' });
  const code = input([16], { name: 'code' });
  const pixels = layers.dense(784, { activation: 'sigmoid' })(code);
  const decoder = model(code, layers.reshape([28, 28, 1])(pixels), { name: 'decoder' });
  const img = input([28, 28, 1], { name: 'img' });
  return [encoder, decoder, model(img, decoder(encoder(img)), { name: 'autoencoder' })];
}

/** A classifier of digits. */
export const classifier: ModelSpec = compose(({ input, layers, model }) => {
  const image = input([28, 28, 1], { name: 'image' });
  const flat = layers.flatten()(image);
  return model(image, layers.dense(10, { activation: 'softmax' })(flat), { name: 'digits' });
});
