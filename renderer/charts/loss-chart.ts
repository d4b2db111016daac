import {
  Chart,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type ChartDataset,
  type Plugin,
  type Scale,
} from 'chart.js';
import type { Point } from './decimate.ts';
import { valueRange, type LossCurves } from './loss-curves.ts';
import {
  drawMarks,
  topRoom,
  type LossChartTexts,
  type LossColors,
  type LossMarks,
} from './loss-marks.ts';
import { countTicks, linearTicks, logTicks, timeTicks } from './ticks.ts';

Chart.register(LinearScale, LineController, LineElement, LogarithmicScale, PointElement);

/** The room left of the plot; what stands below the chart leaves the same. */
const gutter = 56;

/** A loss chart on a canvas. Nothing in it moves by itself. */
export interface LossChart {
  /** Draws other curves, colours, texts and marks. */
  show(
    curves: LossCurves,
    log: boolean,
    colors: LossColors,
    texts: LossChartTexts,
    marks: LossMarks,
  ): void;
  /** Draws the same curves with other marks. */
  mark(marks: LossMarks): void;
  /** Where a pixel from the canvas's left edge stands on the horizontal axis. */
  placeAt(pixel: number): number;
  /** The reverse of `placeAt`. */
  pixelOf(place: number): number;
  /** Width and height of the plot in px. */
  readonly plot: { readonly width: number; readonly height: number };
  destroy(): void;
}

/** Puts a loss chart on a canvas, whose parent gives it its size. */
export function createLossChart(canvas: HTMLCanvasElement, font: string): LossChart {
  let curves: LossCurves | null = null;
  let logarithmic = true;
  let colors: LossColors | null = null;
  let texts: LossChartTexts | null = null;
  let marks: LossMarks = { cursor: null, hover: null };

  const overlay: Plugin<'line'> = {
    id: 'marks',
    afterDatasetsDraw(chart) {
      if (curves && colors && texts) drawMarks(chart, curves, marks, { colors, texts, font });
    },
  };
  const datasets: ChartDataset<'line', Point[]>[] = [
    {
      data: [],
      borderWidth: 2,
      borderJoinStyle: 'round',
      pointRadius: 3,
      pointBorderWidth: 0,
      clip: 4,
    },
    { data: [], borderWidth: 1.75, borderJoinStyle: 'round', pointRadius: 0 },
    { data: [], borderWidth: 1, borderJoinStyle: 'round', pointRadius: 0 },
  ];
  const chart = new Chart<'line', Point[]>(canvas, {
    type: 'line',
    data: { datasets },
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
      min: 0,
      grid: { drawOnChartArea: false, tickLength: 5 },
      ticks: {
        align: 'inner' as const,
        maxRotation: 0,
        autoSkip: false,
        padding: 6,
        font: { family: font, size: 11 },
        callback: (value: number | string) => texts?.place(Number(value)) ?? '',
      },
      // The plot ends where the slider below it ends.
      afterFit(scale: Scale) {
        Object.assign(scale, { paddingLeft: 0, paddingRight: 0 });
      },
      afterBuildTicks(scale: Scale) {
        const most = Math.max(2, scale.width / 90);
        const ticks = curves?.axis.kind === 'time' ? timeTicks : countTicks;
        scale.ticks = ticks(scale.max, most).map((value) => ({ value }));
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
        callback: (value: number | string) => texts?.value(Number(value)) ?? '',
      },
      afterFit(scale: Scale) {
        scale.width = gutter;
      },
      afterBuildTicks(scale: Scale) {
        const most = Math.max(3, scale.height / 40);
        const ticks = log ? logTicks : linearTicks;
        scale.ticks = ticks(scale.min, scale.max, most).map((value) => ({ value }));
      },
    };
  }

  return {
    show(nextCurves, log, nextColors, nextTexts, nextMarks) {
      curves = nextCurves;
      colors = nextColors;
      texts = nextTexts;
      marks = nextMarks;
      const scales = chart.options.scales!;
      if (log !== logarithmic) scales.y = vertical(log);
      logarithmic = log;
      Object.assign(scales.x!, { max: curves.axis.max });
      Object.assign(scales.y!, valueRange(curves, log));
      paint(chart, colors);
      const drawable = (points: readonly Point[]) =>
        (log
          ? points.map((point) => (point.y > 0 ? point : { x: point.x, y: NaN }))
          : points) as Point[];
      const shown = [curves.validation, curves.smoothed, curves.raw];
      chart.data.datasets.forEach((dataset, i) => (dataset.data = drawable(shown[i]!)));
      // More epochs than room for points: the line alone.
      const crowded = curves.validation.length > (chart.chartArea?.width ?? 600) / 8;
      chart.data.datasets[0]!.pointRadius = crowded ? 0 : 3;
      // Not 'none': in that mode Chart.js keeps the points' former colours.
      chart.update();
    },
    mark(next) {
      marks = next;
      chart.draw();
    },
    placeAt: (pixel) => chart.scales.x!.getValueForPixel(pixel) ?? 0,
    pixelOf: (place) => chart.scales.x!.getPixelForValue(place),
    get plot() {
      return { width: chart.chartArea?.width ?? 0, height: chart.chartArea?.height ?? 0 };
    },
    destroy: () => chart.destroy(),
  };
}

function paint(chart: Chart<'line', Point[]>, colors: LossColors): void {
  const { x, y } = chart.options.scales!;
  for (const scale of [x!, y!]) Object.assign(scale.ticks!, { color: colors.label });
  Object.assign(x!.grid!, { color: colors.axis, tickColor: colors.axis });
  Object.assign(x!, { border: { color: colors.axis } });
  Object.assign(y!.grid!, { color: colors.grid });
  const lines = [colors.run, colors.train, colors.raw];
  chart.data.datasets.forEach((dataset, i) => {
    dataset.borderColor = lines[i]!;
    dataset.pointBackgroundColor = lines[i]!;
  });
}
