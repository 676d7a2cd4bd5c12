// SPDX-License-Identifier: Apache-2.0
// The language of the page: one at a time, its texts loaded when it is chosen.
import * as dates from './dates';
import { chooseLocale, format, type Locale, type MessageKey, type Messages, type Parameters } from './messages';

const storageKey = 'sitecast.language';

const loaders: Record<Locale, () => Promise<{ default: Messages }>> = {
  'zh-CN': () => import('./zh-CN.json'),
  en: () => import('./en.json'),
};

function saved(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null; // storage is switched off: the address and the browser decide
  }
}

export function localeNow(): Locale {
  const fromUrl = new URLSearchParams(location.search).get('lang');
  return chooseLocale(fromUrl, saved(), navigator.languages);
}

class Language {
  locale = $state<Locale>('zh-CN');
  #messages = $state.raw<Messages | null>(null);

  async use(locale: Locale): Promise<void> {
    this.#messages = (await loaders[locale]()).default;
    this.locale = locale;
    document.documentElement.lang = locale;
  }

  async choose(locale: Locale): Promise<void> {
    await this.use(locale);
    try {
      localStorage.setItem(storageKey, locale);
    } catch {
      // The address still says it.
    }
  }

  text(key: MessageKey, parameters: Parameters): string {
    return this.#messages === null ? '' : format(this.#messages[key], parameters, this.locale);
  }
}

export const language = new Language();

export function t(key: MessageKey, parameters: Parameters = {}): string {
  return language.text(key, parameters);
}

const nowUs = (): number => Date.now() * 1000;

export const moment = (us: number, zone: string): string =>
  dates.formatMoment(us, zone, language.locale, nowUs());
export const day = (us: number, zone: string): string =>
  dates.formatDay(us, zone, language.locale, nowUs());
export const span = (seconds: number): string => dates.formatSpan(seconds, language.locale);
