import { checkCall, type GivenAttribute } from './check-call.ts';
import { kernels } from './kernels.ts';
import { enterMachine } from './machine.ts';
import { ATTRIBUTES, failed, held, NAMES, NUMBERS, TYPES, type Held } from './tensor.ts';

/**
 * A stand-in for tfjs-node's addon and the library behind it: the whole of its interface (`TFJSBinding`) for what our
 * programs need, in plain JavaScript. tfjs-node's own JavaScript runs over it unchanged.
 */
const machine = enterMachine();
const tensors = new Map<number, Held>();
let next = 0;

function hold(tensor: Held): number {
  tensors.set(next, tensor);
  return next++;
}

function tensorOf(id: number): Held {
  const tensor = tensors.get(id);
  if (!tensor) throw new Error(`Get Tensor called on an invalid TensorId: ${id}`);
  return tensor;
}

function noSavedModels(): never {
  throw failed(12, 'the stand-in has no SavedModels');
}

export default {
  ...TYPES,
  ...ATTRIBUTES,
  TF_Version: '2.9.1 (stand-in)',

  createTensor(shape: number[], dtype: number, values: ArrayLike<number>): number {
    const name = NAMES[dtype];
    if (!name) throw new Error(`the stand-in has no tensors of type ${dtype}`);
    const size = shape.reduce((product, dim) => product * dim, 1);
    if (size !== values.length)
      throw new Error(`Shape [${shape}] does not match ${values.length} elements`);
    return hold(held({ shape, dtype: name, data: values }));
  },
  deleteTensor(id: number): void {
    tensorOf(id);
    tensors.delete(id);
  },
  tensorDataSync: (id: number) => tensorOf(id).data.slice(),

  executeOp(op: string, attributes: GivenAttribute[], ids: number[], outputs: number) {
    machine.beforeOp(op);
    const inputs = ids.map(tensorOf);
    const attrs = checkCall(op, attributes, inputs);
    const result = kernels[op]!(inputs, attrs);
    const all = Array.isArray(result) ? result : [result];
    if (all.length !== outputs) throw failed(3, `${op} has ${all.length} outputs, not ${outputs}`);
    return all.map(held).map((tensor) => ({
      id: hold(tensor),
      shape: [...tensor.shape],
      dtype: NUMBERS[tensor.dtype],
    }));
  },

  getNumOfTensors: () => tensors.size,
  getNumOfSavedModels: () => 0,
  loadSavedModel: noSavedModels,
  deleteSavedModel: noSavedModels,
  runSavedModel: noSavedModels,
  isUsingGpuDevice: () => machine.gpu,
};
