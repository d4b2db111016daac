import {
  Chart,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type Plugin,
  type Scale,
} from 'chart.js';
import type { AxisKind, View } from './axis.ts';
import type { Point } from './decimate.ts';
import {
  drawMarks,
  topRoom,
  type ChartColors,
  type ChartMarks,
  type ChartTexts,
} from './line-marks.ts';
import { countTicks, linearTicks, logTicks, partTicks, timeTicks } from './ticks.ts';

Chart.register(LinearScale, LineController, LineElement, LogarithmicScale, PointElement);

/** One line of a chart. */
export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
  /** As a canvas takes it. */
  readonly color: string;
  readonly width: number;
  /** Of a dot at each point, in px, where there is room; 0 unless given. */
  readonly radius?: number;
  readonly dash?: readonly number[];
}

/** What a chart draws: the curves from the uppermost down, in a part of the horizontal axis. */
export interface ChartContent {
  readonly curves: readonly Curve[];
  readonly kind: AxisKind;
  readonly view: View;
  readonly log: boolean;
  readonly range: View;
  readonly marks: ChartMarks;
}

export interface ChartStyle {
  readonly colors: ChartColors;
  readonly texts: ChartTexts;
}

/** Curves on a canvas. Nothing in it moves by itself. */
export interface LineChart {
  show(content: ChartContent, style: ChartStyle): void;
  /** Draws the same curves with other marks. */
  mark(marks: ChartMarks): void;
  /** Where a pixel from the canvas's left edge stands on the horizontal axis. */
  placeAt(pixel: number): number;
  /** The reverse of `placeAt`. */
  pixelOf(place: number): number;
  /** The plot within the canvas, in px. */
  readonly plot: Plot;
  /** The numbers beside and below the plot. */
  ticks(axis: 'x' | 'y'): readonly { readonly at: number; readonly text: string }[];
  /** Where a value stands from the canvas's upper edge, in px. */
  heightOf(value: number): number;
  destroy(): void;
}

export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const nothing: ChartMarks = { cursor: null, hover: null, live: null, best: null, flags: [] };

/**
 * Puts a chart on a canvas, whose parent gives it its size. `gutter` is the room left of the plot, in px; what stands
 * below the chart leaves the same.
 */
export function createLineChart(
  canvas: HTMLCanvasElement,
  font: string,
  gutter: number,
): LineChart {
  let content: ChartContent | null = null;
  let style: ChartStyle | null = null;
  let marks = nothing;
  let logarithmic = true;

  const overlay: Plugin<'line'> = {
    id: 'marks',
    afterDatasetsDraw(chart) {
      if (content && style) drawMarks(chart, marks, { ...style, font });
    },
  };
  const chart = new Chart<'line', Point[]>(canvas, {
    type: 'line',
    data: { datasets: [] },
    plugins: [overlay],
    options: {
      animation: false,
      events: [],
      parsing: false,
      normalized: true,
      responsive: true,
      maintainAspectRatio: false,
      layout: { autoPadding: false, padding: { top: topRoom } },
      elements: { point: { borderWidth: 0 } },
      scales: { x: horizontal(), y: vertical(true) },
    },
  });

  /** Both axes have round places of their own choice. */
  function horizontal() {
    return {
      type: 'linear' as const,
      grid: { drawOnChartArea: false, tickLength: 5 },
      ticks: {
        align: 'inner' as const,
        maxRotation: 0,
        autoSkip: false,
        padding: 6,
        font: { family: font, size: 11 },
        callback: (value: number | string) => style?.texts.place(Number(value)) ?? '',
      },
      // The plot ends where the slider below it ends.
      afterFit(scale: Scale) {
        Object.assign(scale, { paddingLeft: 0, paddingRight: 0 });
      },
      afterBuildTicks(scale: Scale) {
        const most = Math.max(2, scale.width / 90);
        const ticks = { step: countTicks, epoch: partTicks, time: timeTicks };
        const chosen = ticks[content?.kind ?? 'step'](scale.min, scale.max, most);
        scale.ticks = chosen.map((value) => ({ value }));
      },
    };
  }

  function vertical(log: boolean) {
    return {
      type: log ? ('logarithmic' as const) : ('linear' as const),
      border: { display: false },
      grid: { drawTicks: false },
      ticks: {
        autoSkip: false,
        padding: 8,
        font: { family: font, size: 11 },
        callback: (value: number | string) => style?.texts.value(Number(value)) ?? '',
      },
      afterFit(scale: Scale) {
        scale.width = gutter;
      },
      afterBuildTicks(scale: Scale) {
        const most = Math.max(2, scale.height / 40);
        const ticks = log ? logTicks : linearTicks;
        scale.ticks = ticks(scale.min, scale.max, most).map((value) => ({ value }));
      },
    };
  }

  function paint({ label, axis, grid }: ChartColors): void {
    const { x, y } = chart.options.scales!;
    for (const scale of [x!, y!]) Object.assign(scale.ticks!, { color: label });
    Object.assign(x!.grid!, { color: axis, tickColor: axis });
    Object.assign(x!, { border: { color: axis } });
    Object.assign(y!.grid!, { color: grid });
  }

  return {
    show(nextContent, nextStyle) {
      content = nextContent;
      style = nextStyle;
      marks = content.marks;
      const { log, view, range, curves } = content;
      const scales = chart.options.scales!;
      if (log !== logarithmic) scales.y = vertical(log);
      logarithmic = log;
      Object.assign(scales.x!, view);
      Object.assign(scales.y!, range);
      paint(style.colors);
      // More points than room for dots: the line alone.
      const room = (chart.chartArea?.width ?? 600) / 8;
      const { datasets } = chart.data;
      datasets.length = Math.min(datasets.length, curves.length);
      curves.forEach(({ points, color, width, radius = 0, dash = [] }, i) => {
        const drawn = {
          data: (log ? points.map(positive) : points) as Point[],
          borderColor: color,
          borderWidth: width,
          borderJoinStyle: 'round' as const,
          borderDash: [...dash],
          pointRadius: points.length > room ? 0 : radius,
          pointBorderWidth: 0,
          pointBackgroundColor: color,
          // Room for whole dots at the edges; but nothing reaches into the numbers left of a part.
          clip: { left: view.min > 0 ? 0 : 4, right: 4, top: 4, bottom: 4 },
        };
        // The same object, so that Chart.js keeps what it knows of the line.
        if (datasets[i]) Object.assign(datasets[i], drawn);
        else datasets.push(drawn);
      });
      // Not 'none': in that mode Chart.js keeps the points' former colours.
      chart.update();
    },
    mark(next) {
      marks = next;
      chart.draw();
    },
    placeAt: (pixel) => chart.scales.x!.getValueForPixel(pixel) ?? 0,
    pixelOf: (place) => chart.scales.x!.getPixelForValue(place),
    heightOf: (value) => chart.scales.y!.getPixelForValue(value),
    ticks: (axis) =>
      chart.scales[axis]!.ticks.map(({ value, label }) => ({ at: value, text: String(label) })),
    get plot() {
      const { left = 0, top = 0, width = 0, height = 0 } = chart.chartArea ?? {};
      return { left, top, width, height };
    },
    destroy: () => chart.destroy(),
  };
}

/** What is not positive has no place on a logarithmic axis. */
function positive(point: Point): Point {
  return point.y > 0 ? point : { x: point.x, y: NaN };
}
