import { sizes, type Box } from './picture.ts';

const steps: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The box that an arrow key leads to: the nearest one that lies in its direction; null when there is none. */
export function nearestBox(boxes: readonly Box[], from: Box, key: string): Box | null {
  const step = steps[key];
  if (!step) return null;
  const here = centre(from);
  let best: Box | null = null;
  let least = Infinity;
  for (const box of boxes) {
    const there = centre(box);
    const [dx, dy] = [there.x - here.x, there.y - here.y];
    const ahead = dx * step[0] + dy * step[1];
    const aside = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
    if (box.key === from.key || ahead < 4) continue;
    const cost = ahead + 2 * aside;
    if (cost < least) [best, least] = [box, cost];
  }
  return best;
}

/** Where a box is for the eye: an open model is its header. */
function centre(box: Box): { x: number; y: number } {
  const height = box.kind === 'panel' ? sizes.header : box.height;
  const width = box.kind === 'panel' ? Math.min(box.width, 160) : box.width;
  return { x: box.x + width / 2, y: box.y + height / 2 };
}
