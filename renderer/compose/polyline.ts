import type { Point } from './picture.ts';

/** SVG path along horizontal and vertical stretches, with corners of this radius where there is room for it. */
export function roundedPath(points: readonly Point[], radius: number): string {
  const line = withoutStraight(points);
  const [start, ...rest] = line;
  if (!start) return '';
  let path = `M${start.x} ${start.y}`;
  rest.forEach((corner, i) => {
    const next = rest[i + 1];
    const before = line[i]!;
    if (!next) {
      path += `L${corner.x} ${corner.y}`;
      return;
    }
    const r = Math.min(radius, distance(before, corner) / 2, distance(corner, next) / 2);
    const from = towards(corner, before, r);
    const to = towards(corner, next, r);
    path += `L${from.x} ${from.y}Q${corner.x} ${corner.y} ${to.x} ${to.y}`;
  });
  return path;
}

/** The points without repeated ones and those in the middle of a stretch. */
export function withoutStraight(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const [a, b] = kept.slice(-2);
    if (kept.length > 0 && distance(kept.at(-1)!, point) < 0.01) continue;
    if (a && b && ((a.x === b.x && b.x === point.x) || (a.y === b.y && b.y === point.y)))
      kept.pop();
    kept.push(point);
  }
  return kept;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1;
  return {
    x: from.x + ((to.x - from.x) / length) * by,
    y: from.y + ((to.y - from.y) / length) * by,
  };
}
