import { autoencoder } from './autoencoder.ts';
import { classifier } from './classifier.ts';
import { stacked } from './stacked.ts';
import type { Template } from './template.ts';

/** The templates by their names. */
export const templates: Readonly<Record<string, Template>> = { autoencoder, classifier, stacked };
