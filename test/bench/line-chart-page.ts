import { axisOf } from '../../renderer/charts/axis.ts';
import { createLineChart, type ChartContent } from '../../renderer/charts/line-chart.ts';
import { curvesOf, quantityOf } from '../../renderer/charts/quantity.ts';
import { valueRange } from '../../renderer/charts/value-range.ts';
import { fold, newRecord } from '../../renderer/stores/run-record.ts';

/** Milliseconds of the parts of one update of the chart: the new events, the curves thinned, and drawn. */
interface Times {
  fold: number;
  thin: number;
  draw: number;
}

const black = 'black';
const colors = { grid: black, axis: black, label: black, cursor: black, surface: 'white' };
const texts = { value: String, place: String, live: 'live', unit: 'step' };
const marks = { cursor: null, hover: null, live: null, best: null, flags: [] };

/** Times an update of the chart after so many steps: live, as ten more steps come, or as somebody moves along it. */
async function time(steps: number, how: 'live' | 'moving'): Promise<Times> {
  const record = newRecord('bench');
  let seq = 0;
  const more = () => {
    const losses = Array.from({ length: 10 }, () => 0.01 + Math.random() * 0.01);
    const first = record.losses.length + 1;
    fold(record, { type: 'steps', first, losses, rate: 0.001, seq: ++seq, time: seq });
  };
  while (record.losses.length < steps) more();
  const frame = document.createElement('div');
  frame.style.cssText = 'position: relative; width: 688px; height: 400px';
  const canvas = document.createElement('canvas');
  frame.append(canvas);
  document.body.append(frame);
  const chart = createLineChart(canvas, 'sans-serif', 56);
  const rounds = 60;
  const total: Times = { fold: 0, thin: 0, draw: 0 };
  for (let round = -5; round < rounds; round++) {
    const began = performance.now();
    if (how === 'live') more();
    const folded = performance.now();
    const axis = axisOf(record, 'epoch');
    const start = how === 'live' ? 0 : (axis.max * (round + 5)) / (2 * rounds);
    const view = { min: start, max: how === 'live' ? axis.max : start + axis.max / 3 };
    const dyes = { run: black, train: black, raw: black };
    const names = { validation: '', training: '', raw: '' };
    const curves = curvesOf(quantityOf(record, 'loss', null), axis, view, 632, dyes, names);
    const thinned = performance.now();
    const range = valueRange(curves, view, 'log');
    const content: ChartContent = { curves, kind: 'epoch', view, log: true, range, marks };
    chart.show(content, { colors: { ...colors, live: black, liveText: black }, texts });
    const drawn = performance.now();
    if (round >= 0) {
      total.fold += (folded - began) / rounds;
      total.thin += (thinned - folded) / rounds;
      total.draw += (drawn - thinned) / rounds;
    }
    await new Promise(requestAnimationFrame);
  }
  chart.destroy();
  frame.remove();
  return total;
}

Object.assign(window, { time });
