// SPDX-License-Identifier: Apache-2.0
// The screen's language. Both languages are loaded: it works without a network, and a tap changes it.
import { formatBytes, formatSpan } from '../../../../viewer/web/src/i18n/dates';
import { chooseLocale, format, type Locale, type Parameters } from '../../../../viewer/web/src/i18n/messages';
import en from './en.json';
import zh from './zh-CN.json';

export type Key = keyof typeof zh;

const storageKey = 'sitecast.language';
const texts: Record<Locale, Record<Key, string>> = { 'zh-CN': zh, en };

function saved(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null; // storage is switched off: the address and the browser decide
  }
}

class Language {
  locale = $state<Locale>('zh-CN');

  begin(): void {
    const fromUrl = new URLSearchParams(location.search).get('lang');
    this.#use(chooseLocale(fromUrl, saved(), navigator.languages));
  }

  change(): void {
    this.#use(this.locale === 'en' ? 'zh-CN' : 'en');
    try {
      localStorage.setItem(storageKey, this.locale);
    } catch {
      // It holds until the page is closed.
    }
  }

  #use(locale: Locale): void {
    this.locale = locale;
    document.documentElement.lang = locale;
  }
}

export const language = new Language();

export const t = (key: Key, parameters: Parameters = {}): string =>
  format(texts[language.locale][key], parameters, language.locale);
export const span = (seconds: number): string => formatSpan(seconds, language.locale);
export const size = formatBytes;
