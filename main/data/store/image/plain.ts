import { createRequire } from 'node:module';
import type { Transformer } from '@napi-rs/image';
import { plainHeader } from './header.ts';
import type { Pixels } from './pixels.ts';

/** Larger images are left to sharp, which shrinks them while it decodes. */
export const MOST_PLAIN_PIXELS = 1 << 20;

/** Up to so many pixels an image is decoded at once: to hand it to another thread would take longer. */
const SMALL = 1 << 13;

type Decoder = new (bytes: Buffer) => Transformer;

/** The decoder, where its native part is there. */
const decoder = ((): Decoder | null => {
  try {
    const load = createRequire(import.meta.url);
    return (load('@napi-rs/image') as { Transformer: Decoder }).Transformer;
  } catch {
    return null;
  }
})();

/**
 * Decodes a plain PNG or JPEG (see `plainHeader`) of up to a million pixels: what libvips needs for a small image is
 * many times this. Null for all others, for what is broken, and where the decoder is not there.
 */
export async function decodePlain(bytes: Buffer): Promise<Pixels<Uint8Array> | null> {
  const size = decoder && plainHeader(bytes);
  if (!size) return null;
  const count = size.width * size.height;
  if (count === 0 || count > MOST_PLAIN_PIXELS) return null;
  try {
    const image = new decoder!(bytes);
    const data = count <= SMALL ? image.rawPixelsSync() : await image.rawPixels();
    const channels = data.length / count;
    return [1, 2, 3, 4].includes(channels) ? { ...size, channels, data, white: 255 } : null;
  } catch {
    return null;
  }
}
