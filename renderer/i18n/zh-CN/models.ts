import type en from '../en/models.ts';
import type { Texts } from '../texts.ts';

export default {
  reading: '正在读取…',
  compiled: '带权重的模型，已用 {optimizer} 编译。',
  uncompiled: '带权重的模型；文件未说明如何训练。',
  weightsFound: '仅有权重：模型的 {count} 个变量中有 {found} 个在其中。',
  missing: '{key} 不在文件中，保持原来的初始值',
  unused: '{key} 与模型的任何变量都不符，已略去',
  use: '用作项目的模型',
  useWeights: '以此开始训练',
  insert: '插入到模型中…',
  insertMenu: '在此插入模型…',
  weightsAlone: '{name} 只含权重，只能用于整个模型。',
  insertTitle: '插入模型',
  insertAbout: '把某次运行或文件中的模型放入项目的模型，只要两端相符。其权重一并带入。',
  insertNow: '插入',
  from: '来源',
  noFile: '文件…',
  openFile: '打开文件…',
  how: '方式',
  replace: '替换一个层',
  after: '放在一个层之后',
  beside: '与其他模型并列',
  place: '层',
  model: '模型',
  unfit: '不相符',
} satisfies Texts<typeof en>;
