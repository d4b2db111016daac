import { tensor } from '../../../../shared/program/tensor.ts';
import type { Case } from './case.ts';
import { float } from './inputs.ts';

/** What has no inputs, or none that it computes with. Variables have tests of their own. */
export const sourceCases: readonly Case[] = [
  { op: 'feed', inputs: [float(null, 3)], build: (_, [x]) => x! },
  { op: 'feed', inputs: [float()], build: (_, [x]) => x! },
  { op: 'constant', inputs: [], build: (ops) => ops.constant(tensor([1.5, -2], [1, 2])) },
  { op: 'constant', inputs: [], build: (ops) => ops.constant(tensor([-7], [], 'int32')) },
  { op: 'constant', inputs: [], build: (ops) => ops.constant(tensor([0, 1], [2], 'bool')) },
  {
    op: 'constant',
    inputs: [float(null, 100)],
    build: (ops, [x]) => {
      const long = Float32Array.from({ length: 100 }, (_, i) => i - 50);
      return ops.add(x!, ops.constant(tensor(long, [100])));
    },
  },
];
