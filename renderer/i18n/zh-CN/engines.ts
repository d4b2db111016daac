import type en from '../en/engines.ts';
import type { Texts } from '../texts.ts';

export default {
  machine: '本机的引擎',
  rate: '{rate} 样本/秒',
  works: '可用',
  fails: '不可用',
  missing: '未安装',
  measure: '测量各引擎的速度',
  measureHint: '以 128 的批大小在每个可用引擎上试训自编码器片刻',
  measureBusy: '有运行正在训练；同时测量会使各引擎显得更慢',
  trying: '正在试用 {engine} · 已完成 {done}/{total}',
  stop: '停止测量',
  forget: '重新选择',
  forgetHint: '各模型最快的引擎会被记住；下次运行将重新试用所有引擎',
  forgotten: '下次运行将重新试用所有引擎',
  use: {
    cpu: '处理器',
    cpuText: '{busy}/{count} 个处理器',
    memory: '内存',
    part: '{used}/{total}',
    busy: '占用 {share}',
    gpu: 'GPU',
    gpuMemory: '显存',
    notTold: '驱动未提供',
  },
} satisfies Texts<typeof en>;
