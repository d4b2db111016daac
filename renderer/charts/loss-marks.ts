import type { Chart } from 'chart.js';
import type { LossCurves } from './loss-curves.ts';

/** The room above the plot, for the word beside the live head. */
export const topRoom = 20;

/** The colours of a loss chart, as a canvas takes them. */
export interface LossColors {
  readonly run: string;
  readonly raw: string;
  readonly train: string;
  readonly grid: string;
  readonly axis: string;
  readonly label: string;
  readonly cursor: string;
  readonly surface: string;
  readonly live: string;
  readonly liveText: string;
}

/** What stands over the curves. */
export interface LossMarks {
  /** Place of the page's cursor, with the values that it meets; null when it is at the live head. */
  readonly cursor: {
    readonly x: number;
    readonly train: number;
    readonly validation: number;
  } | null;
  /** Place under the pointer. */
  readonly hover: number | null;
}

export interface LossChartTexts {
  /** A number of the vertical axis, a place of the horizontal one. */
  value(value: number): string;
  place(value: number): string;
  readonly live: string;
  readonly unit: string;
}

/** How marks look. */
interface Style {
  readonly colors: LossColors;
  readonly texts: LossChartTexts;
  readonly font: string;
}

/** Draws the live head, the best epoch, the pointer and the cursor over the curves. */
export function drawMarks(chart: Chart, curves: LossCurves, marks: LossMarks, style: Style): void {
  const { ctx, chartArea: area } = chart;
  const { colors, texts, font } = style;
  const x = (place: number) => chart.scales.x!.getPixelForValue(place);
  const y = (value: number) => chart.scales.y!.getPixelForValue(value);
  const top = area.top - topRoom + 8;
  ctx.save();
  if (curves.live) {
    // At the end of an epoch it stands on the edge, where half a line would be cut off.
    const at = Math.min(x(curves.live.x), area.right - 1);
    rule(ctx, at, top, area.bottom, colors.live, [2, 3]);
    ctx.fillStyle = colors.liveText;
    ctx.font = `500 11px ${font}`;
    ctx.textBaseline = 'top';
    const fits = at - area.left > 60;
    ctx.textAlign = fits ? 'right' : 'left';
    ctx.fillText(texts.live, fits ? at - 6 : at + 6, top);
    if (Number.isFinite(curves.live.y)) {
      ctx.beginPath();
      ctx.arc(at, y(curves.live.y), 3.5, 0, 2 * Math.PI);
      ctx.fillStyle = colors.live;
      ctx.fill();
    }
  }
  if (curves.best) diamond(ctx, x(curves.best.x), y(curves.best.y), colors);
  if (marks.hover !== null) rule(ctx, x(marks.hover), top, area.bottom, colors.label, [3, 3]);
  if (marks.cursor) {
    const at = x(marks.cursor.x);
    rule(ctx, at, top, area.bottom, colors.cursor, []);
    ring(ctx, at, y(marks.cursor.validation), 4.5, 2, colors.run, colors.surface);
    ring(ctx, at, y(marks.cursor.train), 3, 1.75, colors.train, colors.surface);
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
  width: number,
  color: string,
  inside: string,
): void {
  if (!Number.isFinite(y)) return;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = inside;
  ctx.fill();
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.stroke();
}

function diamond(ctx: Context, x: number, y: number, colors: LossColors): void {
  if (!Number.isFinite(y)) return;
  const size = 5.5;
  ctx.beginPath();
  ctx.moveTo(x, y - size);
  ctx.lineTo(x + size, y);
  ctx.lineTo(x, y + size);
  ctx.lineTo(x - size, y);
  ctx.closePath();
  ctx.fillStyle = colors.run;
  ctx.fill();
  ctx.strokeStyle = colors.surface;
  ctx.lineWidth = 1.5;
  ctx.stroke();
}
