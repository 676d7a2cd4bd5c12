// SPDX-License-Identifier: Apache-2.0
// The words of joining, in both languages; all of them are there from the start, because the page must start without a
// network. The language is the screen's.
import { format, type Locale, type Parameters } from '../../../../viewer/web/src/i18n/messages';
import { language } from '../i18n/i18n.svelte';
import en from './en.json';
import zh from './zh-CN.json';

export type Word = keyof typeof zh;
const words: Record<Locale, Record<Word, string>> = { 'zh-CN': zh, en };

export function t(word: Word, parameters: Parameters = {}): string {
  return format(words[language.locale][word], parameters, language.locale);
}
