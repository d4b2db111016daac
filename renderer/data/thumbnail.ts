import type { DataReport } from '../../shared/api/data.ts';
import type { LoadedPage } from './sample-pages.ts';

/** How to draw a page's sample as the background of a square of `side` px. */
export function thumbnailStyle(
  { url, width, height, samples }: LoadedPage,
  index: number,
  side: number,
): Record<string, string> {
  if (url === null) return {};
  const cell = width / samples.length;
  const scale = side / Math.max(cell, height);
  return {
    width: `${cell * scale}px`,
    height: `${height * scale}px`,
    backgroundImage: `url("${url}")`,
    backgroundSize: `${width * scale}px ${height * scale}px`,
    backgroundPosition: `${-index * cell * scale}px 0`,
    imageRendering: scale >= 1 ? 'pixelated' : 'auto',
  };
}

/** The side of the pictures to ask for, in px, where so many are wanted: no more than the images have. */
export function pictureSide({ preprocessing }: DataReport, wanted: number): number {
  const image = Object.values(preprocessing).find((column) => column.kind === 'image');
  const own = image?.kind === 'image' ? Math.max(...image.size) : wanted;
  return Math.max(16, Math.min(own, wanted));
}
