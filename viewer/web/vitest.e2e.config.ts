// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// tests/e2e has no packages of its own: it uses the ones that are here.
const modules = resolve(import.meta.dirname, 'node_modules');

export default defineConfig({
  root: resolve(import.meta.dirname, '../../tests/e2e'),
  resolve: {
    alias: { 'playwright-core': resolve(modules, 'playwright-core'), vite: resolve(modules, 'vite/dist/node/index.js') },
  },
  server: { fs: { strict: false } },
  test: {
    include: ['*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    sequence: { concurrent: false },
  },
});
