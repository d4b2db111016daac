import type en from '../en/proof.ts';
import type { Texts } from '../texts.ts';

export default {
  title: '模型能被当作层来调用吗？',
  about: '关于 {model} 的四个论断，各用其真实的程序和权重检验。',
  running: '正在构建、运行模型并训练一步',
  holds: '能。四个论断全部成立。',
  fails: '并非所有论断都成立。',
  engine: '以 {engine}（{kind}）检验',
  failed: '无法完成证明：{reason}',
  claimHolds: '成立',
  claimFails: '不成立',
  comparisons: '{count} 项比较',
  subject: '对象',
  expected: '预期',
  received: '实际',
  claims: {
    'shared-variables': '子模型的变量就是它自己的变量',
    composition: '调用它等于依次调用其子模型，逐位相同',
    'call-adds-no-parameters': '再次调用模型只增加一次调用，不增加参数',
    'training-reaches-submodels': '训练它会改变每个子模型单独的计算结果',
  },
  how: {
    'shared-variables': '比较一步训练前后的同一性和字节。',
    composition: '比较两个输出中的每一个数。',
    'call-adds-no-parameters': '比较调用前后的调用次数和参数个数。',
    'training-reaches-submodels': '在一步训练前后单独运行每个子模型。',
  },
} satisfies Texts<typeof en>;
