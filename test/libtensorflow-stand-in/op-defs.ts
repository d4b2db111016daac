import type { DType } from '../../shared/program/tensor.ts';

/** What a type attribute may be. */
type Types = readonly DType[];

type Attribute =
  Types | 'int' | 'ints' | 'bool' | 'string' | 'ints?' | 'bool?' | 'string?' | 'int?';

/** An operation as TensorFlow 2.9 declares it, for the types that its CPU kernels have among ours. */
export interface OpDef {
  /** The type of each input: an attribute's, or fixed; `N*T` are N inputs. */
  readonly inputs: readonly string[];
  readonly attrs: Readonly<Record<string, Attribute>>;
}

const FLOAT: Types = ['float32'];
const NUMBER: Types = ['float32', 'int32'];
const ANY: Types = ['float32', 'int32', 'bool'];
const INT: Types = ['int32'];

const each = (names: readonly string[], definition: OpDef) =>
  Object.fromEntries(names.map((name) => [name, definition]));

const unary = (T: Types): OpDef => ({ inputs: ['T'], attrs: { T } });
const binary = (T: Types): OpDef => ({ inputs: ['T', 'T'], attrs: { T } });
const reduction = (T: Types): OpDef => ({
  inputs: ['T', 'Tidx'],
  attrs: { T, Tidx: INT, keep_dims: 'bool?' },
});
const conv = (inputs: readonly string[], more: OpDef['attrs'] = {}): OpDef => ({
  inputs,
  attrs: {
    T: FLOAT,
    strides: 'ints',
    padding: 'string',
    data_format: 'string?',
    dilations: 'ints?',
    ...more,
  },
});
const CONV2D = { use_cudnn_on_gpu: 'bool?', explicit_paddings: 'ints?' } as const;
const DEPTHWISE = { explicit_paddings: 'ints?' } as const;
const pool = (inputs: readonly string[], more: OpDef['attrs'] = {}): OpDef => ({
  inputs,
  attrs: {
    T: FLOAT,
    ksize: 'ints',
    strides: 'ints',
    padding: 'string',
    data_format: 'string?',
    ...more,
  },
});

/** The operations that tfjs-node asks the library for when our programs run on it. */
export const OP_DEFS: Readonly<Record<string, OpDef>> = {
  ...each(
    ['Exp', 'Log', 'Log1p', 'Expm1', 'Sqrt', 'Sin', 'Cos', 'Tanh', 'Sigmoid', 'Erf', 'Softplus'],
    unary(FLOAT),
  ),
  ...each(['Floor', 'Ceil'], unary(FLOAT)),
  ...each(['Neg', 'Abs', 'Sign', 'Square', 'Reciprocal', 'Round', 'Relu'], unary(NUMBER)),
  ...each(['Add', 'Sub', 'Mul', 'Maximum', 'Minimum', 'FloorMod', 'Pow'], binary(NUMBER)),
  ...each(['RealDiv'], binary(FLOAT)),
  ...each(['FloorDiv'], binary(NUMBER)),
  ...each(['Less', 'LessEqual'], binary(NUMBER)),
  Equal: binary(ANY),
  ...each(['LogicalAnd', 'LogicalOr'], { inputs: ['bool', 'bool'], attrs: {} }),
  LogicalNot: { inputs: ['bool'], attrs: {} },
  Cast: { inputs: ['SrcT'], attrs: { SrcT: ANY, DstT: ANY, Truncate: 'bool?' } },
  Select: { inputs: ['bool', 'T', 'T'], attrs: { T: ANY } },
  ...each(['Sum', 'Mean', 'Max', 'Min', 'Prod'], reduction(NUMBER)),
  ArgMax: { inputs: ['T', 'Tidx'], attrs: { T: NUMBER, Tidx: INT, output_type: INT } },
  BatchMatMulV2: {
    inputs: ['T', 'T'],
    attrs: { T: NUMBER, adj_x: 'bool?', adj_y: 'bool?' },
  },
  Reshape: { inputs: ['T', 'Tshape'], attrs: { T: ANY, Tshape: INT } },
  ExpandDims: { inputs: ['T', 'Tdim'], attrs: { T: ANY, Tdim: INT } },
  Transpose: { inputs: ['T', 'Tperm'], attrs: { T: ANY, Tperm: INT } },
  Tile: { inputs: ['T', 'Tmultiples'], attrs: { T: ANY, Tmultiples: INT } },
  Slice: { inputs: ['T', 'Index', 'Index'], attrs: { T: ANY, Index: INT } },
  StridedSlice: {
    inputs: ['T', 'Index', 'Index', 'Index'],
    attrs: {
      T: ANY,
      Index: INT,
      begin_mask: 'int?',
      end_mask: 'int?',
      ellipsis_mask: 'int?',
      new_axis_mask: 'int?',
      shrink_axis_mask: 'int?',
    },
  },
  PadV2: { inputs: ['T', 'Tpaddings', 'T'], attrs: { T: ANY, Tpaddings: INT } },
  ConcatV2: { inputs: ['N*T', 'Tidx'], attrs: { N: 'int', T: ANY, Tidx: INT } },
  SplitV: {
    inputs: ['T', 'Tlen', 'int32'],
    attrs: { num_split: 'int', T: ANY, Tlen: INT },
  },
  ReverseV2: { inputs: ['T', 'Tidx'], attrs: { T: ANY, Tidx: INT } },
  Range: { inputs: ['Tidx', 'Tidx', 'Tidx'], attrs: { Tidx: NUMBER } },
  Fill: { inputs: ['index_type', 'T'], attrs: { T: ANY, index_type: INT } },
  GatherV2: {
    inputs: ['Tparams', 'Tindices', 'Taxis'],
    attrs: { Tparams: ANY, Tindices: INT, Taxis: INT, batch_dims: 'int?' },
  },
  ScatterNd: {
    inputs: ['Tindices', 'T', 'Tindices'],
    attrs: { T: NUMBER, Tindices: INT },
  },
  OneHot: {
    inputs: ['TI', 'int32', 'T', 'T'],
    attrs: { axis: 'int?', T: ANY, TI: INT },
  },
  Conv2D: conv(['T', 'T'], CONV2D),
  Conv2DBackpropInput: conv(['int32', 'T', 'T'], CONV2D),
  Conv2DBackpropFilter: conv(['T', 'int32', 'T'], CONV2D),
  DepthwiseConv2dNative: conv(['T', 'T'], DEPTHWISE),
  DepthwiseConv2dNativeBackpropInput: conv(['int32', 'T', 'T'], DEPTHWISE),
  DepthwiseConv2dNativeBackpropFilter: conv(['T', 'int32', 'T'], DEPTHWISE),
  Conv3D: conv(['T', 'T']),
  Conv3DBackpropInputV2: conv(['Tshape', 'T', 'T'], { Tshape: INT }),
  Conv3DBackpropFilterV2: conv(['T', 'int32', 'T']),
  MaxPool: pool(['T'], { explicit_paddings: 'ints?' }),
  MaxPoolGrad: pool(['T', 'T', 'T'], { explicit_paddings: 'ints?' }),
  MaxPool3D: pool(['T']),
  AvgPool: pool(['T']),
  AvgPoolGrad: pool(['int32', 'T']),
  AvgPool3D: pool(['T']),
  AvgPool3DGrad: pool(['int32', 'T']),
};
