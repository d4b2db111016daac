import type { OpName } from '../../../../shared/program/attributes.ts';
import { OP_NAMES } from '../../../../shared/program/ops.ts';
import type { Case } from './case.ts';
import { createRandom, type Random } from './inputs.ts';
import { randomArrays } from './random/arrays.ts';
import { randomElementwise } from './random/elementwise.ts';
import { randomWindows } from './random/windows.ts';

/** How to draw a use of each operation; a new operation without one is an error of type and of the suite. */
export type RandomCases = { readonly [K in OpName]: (random: Random) => Case };

const all: RandomCases = { ...randomElementwise, ...randomArrays, ...randomWindows };

/** How many of each operation; `CONFORMANCE_CASES` asks for more, to look for what a few do not find. */
const COUNT = Number(process.env['CONFORMANCE_CASES'] ?? 6);

/** Uses of the operation on random shapes, the same in every run. */
export function randomCases(op: OpName): Case[] {
  return Array.from({ length: COUNT }, (_, i) =>
    all[op](createRandom(OP_NAMES.indexOf(op) * 1_000_003 + i * 7919 + 1)),
  );
}
