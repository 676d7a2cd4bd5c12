// SPDX-License-Identifier: Apache-2.0
// The page under /agent/ as it ships: its words, its weight, and what its service worker keeps.
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import en from '../src/page/en.json';
import zh from '../src/page/zh-CN.json';

type Output = Extract<Awaited<ReturnType<typeof build>>, { output: unknown }>['output'];
const web = resolve(import.meta.dirname, '../../../viewer/web');
const budgetBytes = 200 * 1024;

describe('the words', () => {
  it('are the same in both languages, with the same parameters', () => {
    expect(Object.keys(en)).toEqual(Object.keys(zh));
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      const parameters = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
      for (const variant of en[key].split('|')) expect(parameters(variant), key).toEqual(parameters(zh[key]));
      expect(zh[key].replaceAll(/\{\w+\}/g, ''), key).not.toMatch(/[A-Za-z]/);
      expect(en[key], key).not.toMatch(/\p{Script=Han}/u);
    }
  });
});

describe('the built page', () => {
  let output: Output;
  beforeAll(async () => {
    process.env.NODE_ENV = 'production';
    const result = await build({ configFile: resolve(web, 'vite.agent.config.ts'), logLevel: 'error', build: { write: false } });
    output = (result as { output: Output }).output;
  }, 60_000);
  const textOf = (file: Output[number]): string => (file.type === 'chunk' ? file.code : Buffer.from(file.source).toString('utf8'));

  it('is at most 200 KB of JavaScript, gzipped', () => {
    const scripts = output.filter((file) => file.fileName.endsWith('.js'));
    const total = scripts.reduce((sum, file) => sum + gzipSync(textOf(file), { level: 9 }).length, 0);
    console.info(`agent page: ${total} bytes of JavaScript gzipped, budget ${budgetBytes}`);
    expect(total).toBeLessThanOrEqual(budgetBytes);
  });

  it('is kept whole by its service worker, which imports nothing', () => {
    const worker = output.find((file) => file.fileName === 'sw.js');
    if (worker?.type !== 'chunk') throw new Error('no service worker');
    expect([worker.imports, worker.dynamicImports]).toEqual([[], []]);
    expect(worker.code).not.toContain('__SITECAST');
    const names = [...output.map((file) => file.fileName), ...readdirSync(resolve(import.meta.dirname, '../public'))];
    for (const name of names) if (name !== 'sw.js') expect(worker.code, name).toContain(JSON.stringify(name));
  });

  it('names no other host, and its manifest what is there', () => {
    for (const file of output) {
      const hosts = [...textOf(file).matchAll(/https?:\/\/[\w.-]+/g)].map((match) => match[0]);
      expect(hosts.filter((host) => !/\/\/(www\.w3\.org|svelte\.dev)$/.test(host)), file.fileName).toEqual([]);
    }
    const folder = resolve(import.meta.dirname, '../public');
    const manifest = JSON.parse(readFileSync(resolve(folder, 'manifest.webmanifest'), 'utf8')) as { icons: { src: string }[] };
    for (const { src } of manifest.icons) expect(readdirSync(folder)).toContain(src);
  });
});
