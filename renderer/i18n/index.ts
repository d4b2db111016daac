import { watch, type Ref } from 'vue';
import { createI18n } from 'vue-i18n';
import type { Locale } from '../stores/preferences.ts';
import en from './en/index.ts';
import zhCN from './zh-CN/index.ts';

type Messages = typeof en;

declare module 'vue-i18n' {
  // Makes `t` know every key.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  export interface DefineLocaleMessage extends Messages {}
}

/** The texts of the studio in the chosen language, for `app.use`; in components `useI18n().t`. */
export function createTexts(locale: Ref<Locale>) {
  const i18n = createI18n({
    legacy: false,
    locale: locale.value,
    fallbackLocale: 'en',
    messages: { en, 'zh-CN': zhCN },
  });
  watch(locale, (value) => (i18n.global.locale.value = value));
  return i18n;
}
