// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import en from '../src/i18n/en.json';
import { asLocale, chooseLocale, format } from '../src/i18n/messages';
import zh from '../src/i18n/zh-CN.json';

const placeholders = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{\w+\}/g)].map((match) => match[0]))].sort();

const machineWords =
  /\b(spool|part|parts|receipt|segment|track|buffer|codec|server error|null|undefined|NaN|json|websocket|http|mqtt|hub)\b/i;

describe('texts', () => {
  it('are the same keys in both languages', () => {
    expect(Object.keys(en)).toEqual(Object.keys(zh));
  });

  it.each(Object.keys(zh) as (keyof typeof zh)[])('%s takes the same parameters', (key) => {
    for (const variant of en[key].split('|')) {
      expect(placeholders(zh[key])).toEqual(expect.arrayContaining(placeholders(variant)));
      expect(placeholders(variant)).toEqual(placeholders(zh[key]));
    }
  });

  it('have no machine words', () => {
    for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) {
      expect(text.replaceAll(/\{\w+\}/g, ''), key).not.toMatch(machineWords);
    }
  });

  it('have no English left in Chinese', () => {
    // The name of the other language, and the letters of keys on the keyboard.
    const allowed = new Set(['app.language_other', 'player.keys', 'review.keys']);
    for (const [key, text] of Object.entries(zh)) {
      if (allowed.has(key)) continue;
      expect(text.replaceAll(/\{\w+\}/g, ''), key).not.toMatch(/[A-Za-z]/);
    }
  });

  it('have no Chinese left in English', () => {
    for (const [key, text] of Object.entries(en)) {
      if (key !== 'app.language_other') expect(text, key).not.toMatch(/\p{Script=Han}/u);
    }
  });

  it('promise nothing of a device that may never come back', () => {
    const promises = /by itself|will follow|filled in|goes on and|in full\.|nothing that was filmed is lost/i;
    const chinesePromises = /自动补齐|随后补齐|稍后补齐|自动传到|仍在设备上继续|不会丢失/;
    for (const [key, text] of Object.entries(en)) {
      // Said only of a recording that is complete.
      if (key !== 'state.complete_title') expect(text, key).not.toMatch(promises);
    }
    for (const [key, text] of Object.entries(zh)) expect(text, key).not.toMatch(chinesePromises);
  });

  it('are nowhere but in the language files', () => {
    const offenders: string[] = [];
    const walk = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) walk(path);
        else if (/\.svelte$/.test(entry.name)) {
          const markup = readFileSync(path, 'utf8')
            .replaceAll(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '')
            // Braces hold code; three rounds for braces within braces.
            .replaceAll(/\{[^{}]*\}/g, '')
            .replaceAll(/\{[^{}]*\}/g, '')
            .replaceAll(/\{[^{}]*\}/g, '')
            .replaceAll(/=>/g, '')
            .replaceAll(/<[^>]*>/g, '');
          const words = markup.match(/[A-Za-z]{2,}|\p{Script=Han}+/gu);
          if (words !== null) offenders.push(`${entry.name}: ${words.join(' ')}`);
        }
      }
    };
    walk(new URL('../src/ui', import.meta.url).pathname);
    expect(offenders).toEqual([]);
  });
});

describe('format', () => {
  it('puts parameters in and leaves unknown ones visible', () => {
    expect(format('{a} von {b}', { a: 1 }, 'en')).toBe('1 von {b}');
  });
  it('chooses the English plural by n', () => {
    expect(format('{n} photo|{n} photos', { n: 1 }, 'en')).toBe('1 photo');
    expect(format('{n} photo|{n} photos', { n: 0 }, 'en')).toBe('0 photos');
    expect(format('{n} photo|{n} photos', { n: 12 }, 'en')).toBe('12 photos');
  });
});

describe('the language', () => {
  it('is what the address says, then what was chosen, then the browser', () => {
    expect(chooseLocale('en', 'zh-CN', ['zh-CN'])).toBe('en');
    expect(chooseLocale(null, 'en', ['zh-CN'])).toBe('en');
    expect(chooseLocale(null, null, ['zh-TW', 'en'])).toBe('zh-CN');
    expect(chooseLocale(null, null, ['de', 'en-GB'])).toBe('en');
    expect(chooseLocale('xx', null, [])).toBe('zh-CN');
  });
  it('is recognised from tags', () => {
    expect(asLocale('zh-Hans-CN')).toBe('zh-CN');
    expect(asLocale('EN-us')).toBe('en');
    expect(asLocale('')).toBeNull();
  });
});
