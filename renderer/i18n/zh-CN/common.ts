import type en from '../en/common.ts';
import type { Texts } from '../texts.ts';

export default {
  close: '关闭',
  cancel: '取消',
  save: '保存',
  retry: '重试',
  search: '搜索',
  clear: '清除',
  more: '更多',
  none: '无',
  yes: '是',
  no: '否',
  layers: '{count} 层',
  models: '{count} 个模型',
  parameters: '{count} 个参数',
  paths: '{count} 条路径',
  calls: '{count} 次调用',
  errorTitle: '操作未成功',
} satisfies Texts<typeof en>;
