import type { Frame } from './frame.ts';
import type { Wire } from './items.ts';
import { sizes } from './picture.ts';
import type { Label, Point } from './picture.ts';
import type { Plan } from './plan.ts';
import { withoutStraight } from './polyline.ts';

/** The way of a wire through a plan, from 0, in horizontal and vertical stretches. */
export function wirePoints(plan: Plan, wire: Wire, index: number, frame: Frame): Point[] {
  const points: Point[] = [];
  const route = plan.routes[index]!;
  route.forEach((stretch, i) => {
    const start = plan.across[stretch.from]! + stretch.fromAnchor;
    const end = plan.across[stretch.to]! + stretch.toAnchor;
    const from = i === 0 ? endOf(plan, wire.from, frame) : rankEndOf(plan, stretch.from);
    const to =
      i === route.length - 1 ? plan.along[stretch.to]! : plan.rankStart[plan.rankOf[stretch.to]!]!;
    points.push(frame.point(from, start));
    if (stretch.track >= 0) {
      const rank = plan.rankOf[stretch.to]!;
      const behind = plan.tracks[rank - 1]! - stretch.track;
      const at = plan.rankStart[rank]! - 4 - behind * sizes.track;
      points.push(frame.point(at, start), frame.point(at, end));
    }
    points.push(frame.point(to, end));
  });
  return withoutStraight(points);
}

function endOf(plan: Plan, item: number, frame: Frame): number {
  return plan.along[item]! + frame.length(plan.items[item]!);
}

function rankEndOf(plan: Plan, item: number): number {
  return plan.rankEnd[plan.rankOf[item]!]!;
}

/** The shape beside the first stretch of an edge. */
export function edgeLabel(text: string, points: readonly Point[], frame: Frame): Label | null {
  const [start] = points;
  if (!start) return null;
  return frame.flow === 'right'
    ? { text, x: start.x + 8, y: start.y - 5, at: 'above' }
    : { text, x: start.x + 8, y: start.y + 14, at: 'beside' };
}
