// SPDX-License-Identifier: Apache-2.0
// Builds the app as it ships and weighs it against budget.json.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';

type Output = Extract<Awaited<ReturnType<typeof build>>, { output: unknown }>['output'];

const root = new URL('..', import.meta.url);
const budget = JSON.parse(readFileSync(new URL('budget.json', root), 'utf8')) as Record<string, number>;
const zipped = (content: string | Uint8Array): number => gzipSync(content, { level: 9 }).length;

let output: Output;
beforeAll(async () => {
  // vitest's own value would build the framework's development version.
  process.env.NODE_ENV = 'production';
  const result = await build({ root: root.pathname, logLevel: 'error', build: { write: false } });
  output = (result as { output: Output }).output;
}, 60_000);

describe('the built app', () => {
  it('loads at most the budget of JavaScript initially', () => {
    const chunks = output.filter((file) => file.type === 'chunk');
    const texts = chunks.filter((chunk) => chunk.facadeModuleId?.includes('/i18n/'));
    const code = chunks.filter((chunk) => !texts.includes(chunk));
    // One language is loaded, never both.
    const largest = Math.max(...texts.map((chunk) => zipped(chunk.code)));
    const total = code.reduce((sum, chunk) => sum + zipped(chunk.code), 0) + largest;
    console.info(`initial JavaScript: ${total} bytes gzipped, budget ${budget['initial_js_gzip_bytes']}`);
    expect(texts.length).toBe(2);
    expect(total).toBeLessThanOrEqual(budget['initial_js_gzip_bytes']!);
  });

  it('keeps what precedes the first live picture small and free of the framework', () => {
    const entry = output.find((file) => file.type === 'chunk' && file.isEntry);
    if (entry?.type !== 'chunk') throw new Error('no entry');
    console.info(`boot entry: ${zipped(entry.code)} bytes gzipped, budget ${budget['boot_js_gzip_bytes']}`);
    expect(entry.imports).toEqual([]);
    expect(zipped(entry.code)).toBeLessThanOrEqual(budget['boot_js_gzip_bytes']!);
  });

  it('keeps its styles within the budget', () => {
    const styles = output.filter((file) => file.type === 'asset' && file.fileName.endsWith('.css'));
    const total = styles.reduce(
      (sum, file) => sum + (file.type === 'asset' ? zipped(file.source) : 0),
      0,
    );
    expect(total).toBeLessThanOrEqual(budget['css_gzip_bytes']!);
  });

  it('names no other host', () => {
    for (const file of output) {
      const text = file.type === 'chunk' ? file.code : Buffer.from(file.source).toString('utf8');
      const hosts = [...text.matchAll(/https?:\/\/[\w.-]+/g)].map((match) => match[0]);
      // Names of XML vocabularies and the framework's pointers to its error texts are never requested.
      const requested = hosts.filter((host) => !/\/\/(www\.w3\.org|svelte\.dev)$/.test(host));
      expect(requested, file.fileName).toEqual([]);
    }
  });
});
