import type en from '../en/common.ts';
import type { Texts } from '../texts.ts';

export default {
  close: '关闭',
  cancel: '取消',
  retry: '重试',
  layers: '{count} 层',
  models: '{count} 个模型',
  parameters: '{count} 个参数',
  paths: '{count} 条路径',
  calls: '{count} 次调用',
} satisfies Texts<typeof en>;
