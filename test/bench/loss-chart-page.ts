import { createLossChart } from '../../renderer/charts/loss-chart.ts';
import { axisOf, lossCurves } from '../../renderer/charts/loss-curves.ts';
import { fold, newRecord } from '../../renderer/stores/run-record.ts';

/** Times one update of the loss chart after so many steps, in ms: curves thinned, and drawn. */
async function time(steps: number): Promise<{ thin: number; draw: number }> {
  const record = newRecord('bench');
  let seq = 0;
  for (let first = 1; first <= steps; first += 10) {
    const losses = Array.from({ length: 10 }, () => 0.01 + Math.random() * 0.01);
    fold(record, { type: 'steps', first, losses, seq: ++seq, time: seq });
  }
  const frame = document.createElement('div');
  frame.style.cssText = 'position: relative; width: 688px; height: 400px';
  const canvas = document.createElement('canvas');
  frame.append(canvas);
  document.body.append(frame);
  const chart = createLossChart(canvas, 'sans-serif');
  const black = 'black';
  const colors = { run: black, raw: black, train: black, grid: black, axis: black, label: black };
  const marks = { cursor: black, surface: 'white', live: black, liveText: black };
  const texts = { value: String, place: String, live: 'live', unit: 'step' };
  const rounds = 40;
  let [thin, draw] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const curves = lossCurves(record, axisOf(record, 'epoch'), 632);
    const thinned = performance.now();
    chart.show(curves, true, { ...colors, ...marks }, texts, { cursor: null, hover: null });
    draw += performance.now() - thinned;
    thin += thinned - began;
    await new Promise(requestAnimationFrame);
  }
  chart.destroy();
  frame.remove();
  return { thin: thin / rounds, draw: draw / rounds };
}

Object.assign(window, { time });
