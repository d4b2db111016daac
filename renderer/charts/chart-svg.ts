import type { Curve, LineChart } from './line-chart.ts';
import type { ChartColors } from './line-marks.ts';

/** The room above the chart for its title and its legend, in px. */
const HEAD = 44;
const MARGIN = 16;

/**
 * A chart as an SVG picture: title, legend, axes with their numbers and the curves as they are drawn, on the surface's
 * colour. The numbers on the axes are those that the chart shows.
 */
export function chartSvg(
  chart: Pick<LineChart, 'plot' | 'ticks' | 'pixelOf' | 'heightOf'>,
  curves: readonly Curve[],
  colors: ChartColors,
  title: string,
): string {
  const { left, top, width, height } = chart.plot;
  const whole = { width: left + width + MARGIN, height: HEAD + top + height + 32 };
  const right = left + width;
  const bottom = top + height;
  const text = (x: number, y: number, anchor: string, words: string, more = '') =>
    `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" fill="${colors.label}"${more}>${escaped(words)}</text>`;
  const grid = chart.ticks('y').map(({ at, text: words }) => {
    const y = chart.heightOf(at);
    return (
      `<path d="M${n(left)} ${n(y)}H${n(right)}" stroke="${colors.grid}"/>` +
      text(left - 8, y + 4, 'end', words)
    );
  });
  const places = chart.ticks('x').map(({ at, text: words }) => {
    const x = chart.pixelOf(at);
    return (
      `<path d="M${n(x)} ${n(bottom)}v5" stroke="${colors.axis}"/>` +
      text(x, bottom + 20, 'middle', words)
    );
  });
  const lines = [...curves].reverse().flatMap(({ points, color, width: thick, dash = [] }) => {
    const d = pathOf(points.map(({ x, y }) => [chart.pixelOf(x), chart.heightOf(y)]));
    const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(' ')}"` : '';
    return d
      ? [
          `<path d="${d}" fill="none" stroke="${color}" stroke-width="${thick}" stroke-linejoin="round"${dashes}/>`,
        ]
      : [];
  });
  let at = left;
  const legend = curves.map(({ name, color }) => {
    const entry =
      `<path d="M${n(at)} 34h14" stroke="${color}" stroke-width="2"/>` +
      text(at + 20, 38, 'start', name);
    at += 36 + name.length * 6.5;
    return entry;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${n(whole.width)}" height="${n(whole.height)}" viewBox="0 0 ${n(whole.width)} ${n(whole.height)}" font-family="Inter, system-ui, sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="${colors.surface}"/>`,
    text(left, 18, 'start', title, ' font-size="13" font-weight="600"'),
    ...legend,
    `<g transform="translate(0 ${HEAD})">`,
    ...grid,
    `<path d="M${n(left)} ${n(bottom)}H${n(right)}" stroke="${colors.axis}"/>`,
    ...places,
    `<clipPath id="plot"><rect x="${n(left)}" y="${n(top - 4)}" width="${n(width)}" height="${n(height + 8)}"/></clipPath>`,
    `<g clip-path="url(#plot)">${lines.join('')}</g>`,
    '</g>',
    '</svg>',
  ].join('\n');
}

/** A line through the points; one that is not finite breaks it. */
function pathOf(points: readonly (readonly [number, number] | readonly number[])[]): string {
  let d = '';
  let pen = false;
  for (const [x, y] of points) {
    const stands = Number.isFinite(x) && Number.isFinite(y);
    if (stands) d += `${pen ? 'L' : 'M'}${n(x!)} ${n(y!)}`;
    pen = stands;
  }
  return d;
}

function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(words: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return words.replace(/[&<>"]/g, (letter) => entities[letter]!);
}
