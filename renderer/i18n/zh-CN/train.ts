import type en from '../en/train.ts';
import type { Texts } from '../texts.ts';

export default {
  title: '训练',
} satisfies Texts<typeof en>;
