// SPDX-License-Identifier: Apache-2.0
// The words of joining and of the first screen, in both languages; all of them are there from the start, because the page
// must start without a network.
import { chooseLocale, format, type Locale, type Parameters } from '../../../../viewer/web/src/i18n/messages';
import en from './en.json';
import zh from './zh-CN.json';

export type Word = keyof typeof zh;
const words: Record<Locale, Record<Word, string>> = { 'zh-CN': zh, en };

export const locale = chooseLocale(new URLSearchParams(location.search).get('lang'), null, navigator.languages);

export function t(word: Word, parameters: Parameters = {}): string {
  return format(words[locale][word], parameters, locale);
}
