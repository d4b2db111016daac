import type en from '../en/commands.ts';
import type { Texts } from '../texts.ts';

export default {
  about: '输入以查找层或命令，方向键选择，Enter 执行。',
  group: '命令',
  nothing: '没有名为“{text}”的内容。',
  train: '按项目设置开始训练',
  pause: '暂停运行',
  proceed: '让暂停的运行继续',
  stop: '停止并保留当前运行',
  goTo: '前往{place}',
  prove: '证明此模型由其子模型构成',
  theme: '切换主题：跟随系统、浅色、深色',
  language: '切换语言：English、简体中文',
} satisfies Texts<typeof en>;
