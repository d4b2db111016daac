import en from '../en/data.ts';
import type { Texts } from '../texts.ts';

export default en satisfies Texts<typeof en>;
