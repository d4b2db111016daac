import type en from '../en/tree.ts';
import type { Texts } from '../texts.ts';

export default {
  layer: '层',
  class: '类',
  output: '输出',
  params: '参数',
  models: '模型',
  layers: '层',
  search: '按名称或类查找层',
  endSearch: '结束查找',
  nothing: '没有名称或类中含有“{text}”的层。',
  distinct: '个不同参数',
  sharedOne: '{name} 为共享层，只计一次',
  sharedMany: '{count} 个共享层，各计一次',
  freeze: '冻结 {name}：训练时保持不变',
  unfreeze: '恢复训练 {name}',
  frozen: '已冻结',
  mixed: '内部有部分层已冻结',
  menu: {
    of: '可对 {name} 进行的操作',
    export: '导出 {name}…',
    compose: '在“搭建”中查看',
    prove: '证明 {name}…',
    rename: '重命名…',
    fold: '折叠内部全部',
    unfold: '展开内部全部',
    copy: '复制路径',
  },
  newName: '{name} 的新名称',
} satisfies Texts<typeof en>;
