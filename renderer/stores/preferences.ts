import { inject, ref, watch, watchEffect, type InjectionKey, type Ref } from 'vue';
import { remembered, remember } from './storage.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
export const locales = ['en', 'zh-CN'] as const;
export type Locale = (typeof locales)[number];

/** What a person chose for this studio; kept in the browser. */
export interface Preferences {
  readonly theme: Ref<Theme>;
  readonly locale: Ref<Locale>;
}

/** The stored preferences, applied to the document now and at every change. */
export function createPreferences(): Preferences {
  const theme = ref<Theme>(oneOf(themes, remembered('theme')) ?? 'system');
  const locale = ref<Locale>(oneOf(locales, remembered('locale')) ?? systemLocale());
  watchEffect(() => {
    const root = document.documentElement;
    if (theme.value === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme.value;
    root.lang = locale.value;
  });
  watch(theme, (value) => remember('theme', value));
  watch(locale, (value) => remember('locale', value));
  return { theme, locale };
}

function systemLocale(): Locale {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown): T | undefined {
  return allowed.find((one) => one === value);
}

export const preferencesKey: InjectionKey<Preferences> = Symbol('preferences');

export function usePreferences(): Preferences {
  return inject(preferencesKey)!;
}
