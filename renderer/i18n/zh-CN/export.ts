import type en from '../en/export.ts';
import type { Texts } from '../texts.ts';

export default {
  title: '导出',
  about: '把训练好的模型，或其内部的任一模型，导出为文件。',
  model: '模型',
  gives: '输出 {shape}',
  weights: '权重',
  fresh: '初始权重（未训练）',
  freshHint: '以项目种子开始训练时的权重。',
  runHint: '该运行最新检查点的权重。',
  folderHint: '相对于 {folder}，也可填写绝对路径。',
  format: '格式',
  formatHint: 'model.json 及其权重：可在浏览器和 Node 中用 tf.loadLayersModel 打开。',
  write: '导出 {name}',
  writing: '正在写入',
  done: '{path} 已写入',
} satisfies Texts<typeof en>;
