import { autoencoder } from './autoencoder.ts';
import { classifier } from './classifier.ts';
import { denoisingAutoencoder } from './denoising-autoencoder.ts';
import { ensemble } from './ensemble.ts';
import { multiIo } from './multi-io.ts';
import { siamese } from './siamese.ts';
import { stacked } from './stacked.ts';
import type { Template } from './template.ts';
import { toyResnet } from './toy-resnet.ts';
import { variationalAutoencoder } from './variational-autoencoder.ts';

/** The templates by their names. */
export const templates: Readonly<Record<string, Template>> = {
  autoencoder,
  'denoising-autoencoder': denoisingAutoencoder,
  'variational-autoencoder': variationalAutoencoder,
  classifier,
  siamese,
  ensemble,
  'multi-io': multiIo,
  'toy-resnet': toyResnet,
  stacked,
};
