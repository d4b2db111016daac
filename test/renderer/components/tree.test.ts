import { expect, test } from 'vitest';
import { moveFocus } from '../../../renderer/components/tree/keys.ts';
import {
  allRows,
  countInside,
  filterTree,
  visibleRows,
} from '../../../renderer/components/tree/rows.ts';
import { sharedMarks } from '../../../renderer/components/tree/sharing.ts';
import { distinctParams, modelTrees, nodeAt } from '../../../renderer/stores/model-tree.ts';
import { outermostModels } from '../../../renderer/compose/models.ts';
import { broken, seed, tangled } from '../compose/models.ts';

const roots = modelTrees(seed, ['autoencoder']).roots;
const open = () => true;

test('folded models hide their rows', () => {
  expect(allRows(roots).length).toBe(18);
  const names = visibleRows(roots, (path) => path === 'autoencoder').map(({ name }) => name);
  expect(names).toEqual(['autoencoder', 'img', 'encoder', 'decoder']);
});

test('a filter keeps what fits and the way to it', () => {
  const names = (text: string) => allRows(filterTree(roots, text)).map(({ name }) => name);
  expect(names('pooling')).toEqual([
    'autoencoder',
    'encoder',
    'max_pooling2d',
    'global_max_pooling2d',
  ]);
  expect(names('UPSAMPLING')).toEqual(['autoencoder', 'decoder', 'up_sampling2d']);
  expect(names('nothing of the kind')).toEqual([]);
  expect(names(' ')).toHaveLength(18);
});

test('keys move as in the WAI-ARIA tree pattern', () => {
  const rows = visibleRows(roots, open);
  const at = (path: string) => rows.findIndex((row) => row.path === path);
  const press = (path: string, key: string, typed = '', isOpen: (path: string) => boolean = open) =>
    moveFocus(rows, at(path), key, typed, isOpen);
  expect(press('autoencoder', 'ArrowDown')).toEqual({ to: 'autoencoder/img' });
  expect(press('autoencoder', 'ArrowUp')).toBeNull();
  expect(press('autoencoder/encoder', 'ArrowRight')).toEqual({
    to: 'autoencoder/encoder/original_img',
  });
  expect(press('autoencoder/encoder', 'ArrowRight', '', () => false)).toEqual({
    open: ['autoencoder/encoder'],
  });
  expect(press('autoencoder/encoder', 'ArrowLeft')).toEqual({ close: 'autoencoder/encoder' });
  expect(press('autoencoder/encoder/conv2d', 'ArrowLeft')).toEqual({ to: 'autoencoder/encoder' });
  expect(press('autoencoder/img', 'ArrowRight')).toBeNull();
  expect(press('autoencoder/img', 'End')).toEqual({ to: 'autoencoder/decoder/conv2d_transpose_3' });
  expect(press('autoencoder/img', '*')).toEqual({
    open: ['autoencoder/encoder', 'autoencoder/decoder'],
  });
  expect(press('autoencoder', 'd', 'd')).toEqual({ to: 'autoencoder/decoder' });
  expect(press('autoencoder/encoder/conv2d', 'c', 'c')).toEqual({
    to: 'autoencoder/encoder/conv2d_1',
  });
  expect(press('autoencoder', 'x', 'conv2d_t')).toEqual({
    to: 'autoencoder/decoder/conv2d_transpose',
  });
  expect(press('autoencoder', 'F5')).toBeNull();
});

test('a shared layer has one mark at every path; what is inside it has none', () => {
  expect(sharedMarks(roots).size).toBe(0);
  const trees = modelTrees(tangled, outermostModels(tangled)).roots;
  const marks = sharedMarks(trees);
  const shared = nodeAt(trees, 'other/shared')!;
  expect(marks.get(shared.layer)?.paths).toEqual(['tangled/stage/shared', 'other/shared']);
  const twice = nodeAt(trees, 'tangled/stage/twice')!;
  expect(marks.get(twice.layer)).toMatchObject({ calls: 2, paths: ['tangled/stage/twice'] });
  expect(marks.size).toBe(2);
  expect(new Set([...marks.values()].map(({ color }) => color)).size).toBe(2);
});

test('shared parameters count once in the total', () => {
  const trees = modelTrees(tangled, outermostModels(tangled)).roots;
  const sum = trees.reduce((total, { params }) => total + params, 0);
  const shared = nodeAt(trees, 'other/shared')!.params;
  expect(shared).toBe(4640);
  expect(distinctParams(trees)).toBe(sum - shared);
  expect(distinctParams(roots)).toBe(28_241);
});

test('a model with an error still has its tree', () => {
  const { roots: rows, error } = modelTrees(broken, ['generator']);
  expect(error).toBeNull();
  expect(nodeAt(rows, 'generator/decoder')?.outputShapes).toBeNull();
  expect(nodeAt(rows, 'generator/nothing')).toBeNull();
  expect(countInside(rows[0]!)).toEqual({ layers: 1, models: 2 });
});
