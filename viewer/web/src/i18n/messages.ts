// SPDX-License-Identifier: Apache-2.0
// Texts with {parameters}; English plurals as "one|many", chosen by `n`. Pure.
import type zh from './zh-CN.json';

export type MessageKey = keyof typeof zh;
export type Messages = Record<MessageKey, string>;
export type Locale = 'zh-CN' | 'en';
export type Parameters = Record<string, string | number>;

export function format(text: string, parameters: Parameters, locale: Locale): string {
  const [one, many] = text.split('|');
  const plural = many !== undefined && new Intl.PluralRules(locale).select(Number(parameters['n'])) !== 'one';
  const chosen = plural ? many : one!;
  return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => String(parameters[name] ?? whole));
}

export function asLocale(text: string | null | undefined): Locale | null {
  if (text === null || text === undefined || text === '') return null;
  const lower = text.toLowerCase();
  if (lower.startsWith('zh')) return 'zh-CN';
  return lower.startsWith('en') ? 'en' : null;
}

// What the address says, else what was chosen here before, else the browser; Chinese comes first.
export function chooseLocale(
  fromUrl: string | null,
  saved: string | null,
  browser: readonly string[],
): Locale {
  const stated = asLocale(fromUrl) ?? asLocale(saved);
  if (stated !== null) return stated;
  for (const language of browser) {
    const known = asLocale(language);
    if (known !== null) return known;
  }
  return browser.length === 0 ? 'zh-CN' : 'en';
}
