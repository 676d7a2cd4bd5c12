// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import en from '../src/i18n/en.json';
import zh from '../src/i18n/zh-CN.json';

const placeholders = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{\w+\}/g)].map((match) => match[0]))].sort();
const without = (text: string): string => text.replaceAll(/\{\w+\}/g, '');
const machineWords =
  /\b(spool|part|parts|receipt|segment|track|buffer|codec|server|null|undefined|NaN|json|websocket|http|mqtt|hub|token)\b/i;

describe('the texts of the screen', () => {
  it('are the same keys, with the same parameters, in both languages', () => {
    expect(Object.keys(en)).toEqual(Object.keys(zh));
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      for (const variant of en[key].split('|')) expect(placeholders(variant), key).toEqual(placeholders(zh[key]));
    }
  });

  it('have no machine words, no English in Chinese and no Chinese in English', () => {
    for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) {
      expect(without(text), key).not.toMatch(machineWords);
    }
    for (const [key, text] of Object.entries(zh)) {
      if (key !== 'app.language_other') expect(without(text), key).not.toMatch(/[A-Za-z]/);
    }
    for (const [key, text] of Object.entries(en)) {
      if (key !== 'app.language_other') expect(text, key).not.toMatch(/\p{Script=Han}/u);
    }
  });

  it('are nowhere but in the language files', () => {
    const folder = new URL('../src/ui/', import.meta.url);
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.svelte'))) {
      let markup = readFileSync(new URL(name, folder), 'utf8').replaceAll(
        /<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g,
        '',
      );
      for (let i = 0; i < 4; i++) markup = markup.replaceAll(/\{[^{}]*\}/g, ''); // code, within code
      expect(markup.replaceAll(/=>/g, '').replaceAll(/<[^>]*>/g, ''), name).not.toMatch(/[A-Za-z]{2,}|\p{Script=Han}/u);
    }
  });
});
