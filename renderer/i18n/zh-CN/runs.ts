import type en from '../en/runs.ts';
import type { Texts } from '../texts.ts';

export default {
  empty: '每次训练都是一个运行，连同设置、损失和图像保存在这里。',
  first: '开始第一个运行',
  new: '新运行',
  run: '运行',
  model: '模型',
  settings: '设置',
  state: '状态',
  validation: '验证损失',
  epochs: '轮数',
  steps: '步数',
  started: '开始时间',
  of: '{done} / {total}',
  seed: '种子 {seed}',
  limit: '前 {count} 个',
  export: '导出运行 {number}',
} satisfies Texts<typeof en>;
