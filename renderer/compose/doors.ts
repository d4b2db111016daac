import type { Frame } from './frame.ts';
import { sizes, type Point } from './picture.ts';
import type { Plan } from './plan.ts';
import { withoutStraight } from './polyline.ts';

/** Where a tensor crosses the border of an open model, and its way inside, from the border on or up to it. */
export interface Door {
  readonly port: Point;
  readonly line: readonly Point[];
}

/** A panel's outline, and where its plan begins. */
export interface Outline {
  readonly width: number;
  readonly height: number;
  readonly header: number;
  /** Along and across the flow. */
  readonly origin: readonly [along: number, across: number];
}

/**
 * Room along the flow before the first rank: for the arrows of inputs that come in from above, or crosswise for those
 * that must go around others to come in from the side.
 */
export function entryBand(
  plan: Plan,
  inputs: readonly number[],
  crosswise: boolean,
  frame: Frame,
): number {
  if (!crosswise) return inputs.length > 0 && frame.flow === 'down' ? sizes.entry : 0;
  const around = inputs.filter((input) => input !== plan.order[0]?.[0]).length;
  return around === 0 ? 0 : (around + 1) * sizes.track;
}

/** How the inputs come in: straight from the start of the flow, or crosswise, from the side. */
export function inDoors(
  plan: Plan,
  inputs: readonly number[],
  crosswise: boolean,
  { header, origin }: Outline,
  frame: Frame,
): Door[] {
  const [along0, across0] = origin;
  const centre = (item: number) =>
    across0 + plan.across[item]! + frame.breadth(plan.items[item]!) / 2;
  const around = inputs
    .filter((input) => input !== plan.order[0]?.[0])
    .sort((a, b) => centre(a) - centre(b));
  // Lines that come from above begin below the header.
  const inside = (point: Point): Point => ({ x: point.x, y: Math.max(point.y, header) });
  const door = (...points: Point[]): Door => ({
    port: points[0]!,
    line: withoutStraight([inside(points[0]!), ...points.slice(1)]),
  });
  return inputs.map((item) => {
    const start = along0 + plan.along[item]!;
    const across = centre(item);
    if (!crosswise) {
      const port = frame.point(0, across);
      return {
        port,
        line: [frame.flow === 'down' ? inside(port) : port, frame.point(start, across)],
      };
    }
    const track = around.indexOf(item);
    if (track < 0) {
      const at = start + frame.length(plan.items[item]!) / 2;
      return door(frame.point(at, 0), frame.point(at, across0 + plan.across[item]!));
    }
    const at = along0 - (track + 1) * sizes.track;
    return door(frame.point(at, 0), frame.point(at, across), frame.point(start, across));
  });
}

/** The last pieces of the outputs' ways: from where they leave the plan, by their points there, to the border. */
export function outDoors(
  exits: readonly Point[],
  crosswise: boolean,
  outline: Outline,
  frame: Frame,
): Door[] {
  const far = [...exits].sort((a, b) => frame.across(b) - frame.across(a));
  return exits.map((exit) => {
    if (!crosswise) {
      const port = frame.point(frame.length(outline), frame.across(exit));
      return { port, line: [exit, port] };
    }
    const along = frame.along(exit) + far.indexOf(exit) * sizes.exit;
    const port = frame.point(along, frame.breadth(outline));
    return { port, line: withoutStraight([exit, frame.point(along, frame.across(exit)), port]) };
  });
}
