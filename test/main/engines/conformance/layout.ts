import { use, type Case } from './case.ts';
import { bool, float, int } from './inputs.ts';

const reshape: Case[] = [
  use('reshape', { shape: [] }, float(1)),
  use('reshape', { shape: [1, 1] }, float()),
  use('reshape', { shape: [3, 4] }, float(2, 6)),
  use('reshape', { shape: [null, 6] }, float(null, 2, 3)),
  use('reshape', { shape: [null, 4] }, float(null, 3, 4)),
  use('reshape', { shape: [null] }, float(null, 3)),
  use('reshape', { shape: [2, null] }, float(null, 4)),
  use('reshape', { shape: [null, 1, 2, 1, 3] }, float(null, 6)),
  use('reshape', { shape: [null, 2, 2] }, int(-9, 9, null, 4)),
  use('reshape', { shape: [null, 2, 2] }, bool(null, 4)),
];

const transpose: Case[] = [
  use('transpose', { perm: [0] }, float(3)),
  use('transpose', { perm: [1, 0] }, float(null, 3)),
  use('transpose', { perm: [0, 3, 1, 2] }, float(null, 2, 3, 4)),
  use('transpose', { perm: [2, 0, 1] }, float(2, 3, 4)),
  use('transpose', { perm: [4, 2, 0, 3, 1] }, float(2, 3, 1, 2, 2)),
  use('transpose', { perm: [1, 0] }, int(-9, 9, null, 3)),
  use('transpose', { perm: [1, 0] }, bool(null, 3)),
];

const broadcast: Case[] = [
  use('broadcast', { shape: [2, 3] }, float()),
  use('broadcast', { shape: [2, 3] }, float(3)),
  use('broadcast', { shape: [2, 3] }, float(2, 1)),
  use('broadcast', { shape: [2, 3] }, float(2, 3)),
  use('broadcast', { shape: [2, 3, 2, 4, 2] }, float(3, 1, 1, 2)),
  use('broadcast', { shape: [4, 3] }, int(-9, 9, 1, 3)),
  use('broadcast', { shape: [4, 3] }, bool(3)),
  use('expandLike', {}, float(), float(null, 3)),
  use('expandLike', {}, float(3), float(null, 3)),
  use('expandLike', {}, float(null, 1), float(null, 3)),
  use('expandLike', {}, float(null, 1, 1, 2), float(null, 3, 2, 2)),
  use('expandLike', {}, float(1, 1, 3), float(2, 2, 3)),
  use('expandLike', {}, float(), float()),
  use('expandLike', {}, int(-9, 9, 1, 3), float(null, 3)),
  use('expandLike', {}, bool(1, 3), int(0, 9, null, 3)),
];

const slice: Case[] = [
  use('slice', { starts: [1], sizes: [3], strides: [1] }, float(6)),
  use('slice', { starts: [1], sizes: [null], strides: [2] }, float(6)),
  use('slice', { starts: [0, 1], sizes: [null, 2], strides: [1, 1] }, float(null, 4)),
  use('slice', { starts: [1, 0], sizes: [null, null], strides: [1, 3] }, float(null, 5)),
  use('slice', { starts: [0, 1], sizes: [1, 2], strides: [1, 2] }, float(null, 4)),
  use(
    'slice',
    { starts: [0, 1, 0, 2, 1], sizes: [2, 2, 1, null, 1], strides: [1, 2, 1, 1, 1] },
    float(2, 4, 1, 3, 3),
  ),
  use('slice', { starts: [0, 1], sizes: [null, 3], strides: [1, 1] }, int(-9, 9, null, 4)),
  use('slice', { starts: [0, 1], sizes: [null, 2], strides: [1, 2] }, bool(null, 4)),
];

const pad: Case[] = [
  use('pad', { pads: [[1, 2]], value: 0 }, float(3)),
  use('pad', { pads: [[0, 0], [2, 1]], value: 0 }, float(null, 3)),
  use('pad', { pads: [[0, 1], [1, 0]], value: -1.5 }, float(null, 3)),
  use('pad', { pads: [[0, 0], [1, 1], [0, 2], [0, 0]], value: 7 }, float(null, 2, 3, 2)),
  use('pad', { pads: [[1, 0], [0, 0], [0, 1], [2, 0], [0, 1]], value: 0 }, float(1, 2, 2, 1, 2)),
  use('pad', { pads: [[0, 0], [1, 1]], value: 4 }, int(-9, 9, null, 2)),
  use('pad', { pads: [[0, 0], [1, 1]], value: 1 }, bool(null, 2)),
]; // prettier-ignore

const concat: Case[] = [
  use('concat', { axis: 0 }, float(2), float(3)),
  use('concat', { axis: 1 }, float(null, 2), float(null, 3), float(null, 1)),
  use('concat', { axis: 0 }, float(null, 2), float(1, 2)),
  use('concat', { axis: 3 }, float(null, 2, 2, 1), float(null, 2, 2, 3)),
  use('concat', { axis: 2 }, float(1, 2, 1, 2, 2), float(1, 2, 3, 2, 2)),
  use('concat', { axis: 1 }, float(null, 2)),
  use('concat', { axis: 1 }, int(-9, 9, null, 2), int(-9, 9, null, 2)),
  use('concat', { axis: 1 }, bool(null, 2), bool(null, 2)),
  {
    op: 'concat',
    inputs: [float(null, 2)],
    build: (ops, [x]) => ops.emit('concat', [x!, x!], { axis: 1 }),
  },
];

const reverse: Case[] = [
  use('reverse', { axes: [0] }, float(5)),
  use('reverse', { axes: [0] }, float(null, 3)),
  use('reverse', { axes: [1, 2] }, float(null, 3, 2, 2)),
  use('reverse', { axes: [0, 4] }, float(2, 1, 2, 1, 3)),
  use('reverse', { axes: [1] }, int(-9, 9, null, 4)),
  use('reverse', { axes: [1] }, bool(null, 4)),
];

const upsample: Case[] = [
  use('upsample', { size: [3] }, float(null, 2, 2)),
  use('upsample', { size: [3, 3] }, float(null, 2, 3, 2)),
  use('upsample', { size: [2, 1] }, float(null, 2, 3, 1)),
  use('upsample', { size: [2, 4] }, float(1, 3, 2, 3)),
  use('upsample', { size: [2, 1, 3] }, float(null, 1, 2, 2, 2)),
];

/** Tensors without numbers. */
const empty: Case[] = [
  use('slice', { starts: [0, 1], sizes: [null, 0], strides: [1, 1] }, float(null, 4)),
  use('concat', { axis: 1 }, float(null, 0), float(null, 3)),
  use('pad', { pads: [[0, 0], [1, 2]], value: 7 }, float(null, 0)),
  use('reshape', { shape: [0, 3] }, float(2, 0)),
  use('transpose', { perm: [1, 0] }, float(2, 0)),
  use('expandLike', {}, float(1, 1), float(3, 0)),
]; // prettier-ignore

export const layoutCases: readonly Case[] = [
  ...reshape, ...transpose, ...broadcast, ...slice, ...pad, ...concat, ...reverse, ...upsample,
  ...empty,
]; // prettier-ignore
