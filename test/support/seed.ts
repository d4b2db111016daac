import { templates } from '../../assets/templates/catalogue.ts';

/** The seed's three models: encoder, decoder and the autoencoder made of them. */
export const seedModels = templates['autoencoder']!.model;
