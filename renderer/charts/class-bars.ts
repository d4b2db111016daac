import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  LinearScale,
  type ChartConfiguration,
} from 'chart.js';

Chart.register(BarController, BarElement, CategoryScale, LinearScale);

/** Bars that lie one below the other, each stacked of parts. */
export interface Bars {
  /** By part, then by bar. */
  readonly parts: readonly { readonly color: string; readonly counts: readonly number[] }[];
  /** What fills the whole width. */
  readonly most: number;
}

/** Horizontal bars without axes: each takes an equal share of the canvas's height. */
export interface BarsChart {
  show(bars: Bars): void;
  destroy(): void;
}

export function createBars(canvas: HTMLCanvasElement): BarsChart {
  const config: ChartConfiguration<'bar', number[], number> = {
    type: 'bar',
    data: { labels: [], datasets: [] },
    options: {
      indexAxis: 'y',
      animation: false,
      maintainAspectRatio: false,
      events: [],
      layout: { padding: 0, autoPadding: false },
      scales: {
        x: { display: false, stacked: true, min: 0 },
        y: { display: false, stacked: true, offset: true },
      },
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
    },
  };
  const chart = new Chart(canvas, config);
  return {
    show({ parts, most }) {
      const count = parts[0]?.counts.length ?? 0;
      chart.data.labels = Array.from({ length: count }, (_, i) => i);
      chart.data.datasets = parts.map(({ color, counts }, i) => ({
        data: [...counts],
        backgroundColor: color,
        barThickness: 12,
        borderRadius: i === parts.length - 1 ? { topRight: 3, bottomRight: 3 } : 0,
        borderSkipped: false,
      }));
      chart.options.scales!['x']!.max = most;
      chart.update('none');
    },
    destroy: () => chart.destroy(),
  };
}
