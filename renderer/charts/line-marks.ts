import type { Chart } from 'chart.js';
import type { Point } from './decimate.ts';

/** The room above the plot, for the words on its rules. */
export const topRoom = 20;

/** The colours of a chart's frame and marks, as a canvas takes them. */
export interface ChartColors {
  readonly grid: string;
  readonly axis: string;
  readonly label: string;
  readonly cursor: string;
  readonly surface: string;
  readonly live: string;
  readonly liveText: string;
}

/** What stands over the curves. Places are those of the horizontal axis. */
export interface ChartMarks {
  /** The page's cursor, with the values that it meets; null when it is at the live head. */
  readonly cursor: { readonly x: number; readonly values: readonly Ring[] } | null;
  /** The place under the pointer, in whichever chart of the page it is. */
  readonly hover: number | null;
  /** The newest value while the run is active. */
  readonly live: Point | null;
  readonly best: (Point & { readonly color: string }) | null;
  readonly flags: readonly Flag[];
}

/** A value that the cursor meets. */
interface Ring {
  readonly y: number;
  readonly color: string;
}

/** Something that happened. */
export interface Flag {
  readonly x: number;
  readonly text: string;
}

export interface ChartTexts {
  /** A number of the vertical axis, a place of the horizontal one. */
  value(value: number): string;
  place(value: number): string;
  readonly live: string;
  readonly unit: string;
}

/** How marks look. */
interface Style {
  readonly colors: ChartColors;
  readonly texts: ChartTexts;
  readonly font: string;
}

/** More flags than this in a plot are drawn without their words. */
const MOST_WORDS = 12;

/** Draws the live head, the best value, what happened, the pointer and the cursor over the curves. */
export function drawMarks(chart: Chart, marks: ChartMarks, style: Style): void {
  const { ctx, chartArea: area } = chart;
  const { colors, texts, font } = style;
  const x = (place: number) => chart.scales.x!.getPixelForValue(place);
  const y = (value: number) => chart.scales.y!.getPixelForValue(value);
  const isInside = (at: number) => at >= area.left - 1 && at <= area.right + 1;
  const top = area.top - topRoom + 8;
  ctx.save();
  drawFlags(ctx, marks.flags, { x, isInside, top, bottom: area.bottom, left: area.left }, style);
  if (marks.live && isInside(x(marks.live.x))) {
    // At the end of an epoch it stands on the edge, where half a line would be cut off.
    const at = Math.min(x(marks.live.x), area.right - 1);
    rule(ctx, at, top, area.bottom, colors.live, [2, 3]);
    ctx.fillStyle = colors.liveText;
    ctx.font = `500 11px ${font}`;
    ctx.textBaseline = 'top';
    const fits = at - area.left > 60;
    ctx.textAlign = fits ? 'right' : 'left';
    ctx.fillText(texts.live, fits ? at - 6 : at + 6, top);
    if (Number.isFinite(marks.live.y)) {
      ctx.beginPath();
      ctx.arc(at, y(marks.live.y), 3.5, 0, 2 * Math.PI);
      ctx.fillStyle = colors.live;
      ctx.fill();
    }
  }
  const { best, hover, cursor } = marks;
  if (best && isInside(x(best.x))) diamond(ctx, x(best.x), y(best.y), best.color, colors.surface);
  if (hover !== null && isInside(x(hover)))
    rule(ctx, x(hover), top, area.bottom, colors.label, [3, 3]);
  if (cursor && isInside(x(cursor.x))) {
    const at = x(cursor.x);
    rule(ctx, at, top, area.bottom, colors.cursor, []);
    cursor.values.forEach((value, i) =>
      ring(ctx, at, y(value.y), i === 0 ? 4.5 : 3, value.color, colors.surface),
    );
  }
  // The unit stands in the gutter, on the line of the horizontal axis's numbers.
  ctx.fillStyle = colors.label;
  ctx.font = `11px ${font}`;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'top';
  ctx.fillText(texts.unit, area.left - 8, area.bottom + 12);
  ctx.restore();
}

type Context = CanvasRenderingContext2D;

interface Place {
  x(place: number): number;
  isInside(at: number): boolean;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
}

function drawFlags(ctx: Context, flags: readonly Flag[], place: Place, style: Style): void {
  const shown = flags
    .map(({ x, text }) => ({ at: place.x(x), text }))
    .filter(({ at }) => place.isInside(at));
  ctx.font = `11px ${style.font}`;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  let free = place.left;
  for (const { at, text } of shown) {
    rule(ctx, at, place.top + 14, place.bottom, style.colors.axis, [1, 2]);
    const width = ctx.measureText(text).width;
    const start = Math.max(place.left, at - width / 2);
    if (shown.length > MOST_WORDS || start < free) continue;
    ctx.fillStyle = style.colors.label;
    ctx.fillText(text, start, place.top);
    free = start + width + 8;
  }
}

function rule(
  ctx: Context,
  at: number,
  top: number,
  bottom: number,
  color: string,
  dash: number[],
): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(Math.round(at) + 0.5, top);
  ctx.lineTo(Math.round(at) + 0.5, bottom);
  ctx.stroke();
  ctx.setLineDash([]);
}

function ring(
  ctx: Context,
  x: number,
  y: number,
  radius: number,
  color: string,
  inside: string,
): void {
  if (!Number.isFinite(y)) return;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = inside;
  ctx.fill();
  ctx.strokeStyle = color;
  ctx.lineWidth = 2;
  ctx.stroke();
}

function diamond(ctx: Context, x: number, y: number, color: string, edge: string): void {
  if (!Number.isFinite(y)) return;
  const size = 5.5;
  ctx.beginPath();
  ctx.moveTo(x, y - size);
  ctx.lineTo(x + size, y);
  ctx.lineTo(x, y + size);
  ctx.lineTo(x - size, y);
  ctx.closePath();
  ctx.fillStyle = color;
  ctx.fill();
  ctx.strokeStyle = edge;
  ctx.lineWidth = 1.5;
  ctx.stroke();
}
