import type en from '../en/callbacks.ts';
import type { Texts } from '../texts.ts';

export default {
  act: {
    stop: '{callback}：{monitor} 不再改善；第 {epoch} 轮最好',
    learning_rate: '{callback}：学习率 {rate}',
    restore_weights: '{callback}：已恢复第 {epoch} 轮的权重',
    save: '{callback}：已保存 {file}',
    terminate: '{callback}：{path} 处最先出现非数值',
    warn: '{callback}：{message}',
  },
} satisfies Texts<typeof en>;
