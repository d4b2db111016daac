import common from './common.ts';
import shell from './shell.ts';
import train from './train.ts';

/** All texts in this language, by area. */
export default { common, shell, train };
