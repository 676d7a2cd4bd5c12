// SPDX-License-Identifier: Apache-2.0
// The browser agent's page (agent/web), built into dist/agent, which the gateway serves under /agent/. A build of
// its own, so that it shares nothing with the pages' entry and its service worker can list its files.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { precompress } from './precompress.ts';

const web = import.meta.dirname;
const agent = resolve(web, '../../agent/web');
const gateway = process.env.SITECAST_GATEWAY ?? 'http://127.0.0.1:8080';

// agent/web has no packages of its own: it uses the ones that are here.
function packagesFromHere(): Plugin {
  const here = resolve(web, 'package.json');
  return {
    name: 'sitecast-packages',
    enforce: 'pre',
    async resolveId(source, importer) {
      if (!/^(svelte|esm-env|clsx)(\/|$)/.test(source) || importer === here) return null;
      return this.resolve(source, here, { skipSelf: true });
    },
  };
}

// Tells the service worker what there is, and the hash of all of it.
function listFiles(): Plugin {
  return {
    name: 'sitecast-list-files',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const hash = createHash('sha256');
      const files: string[] = [];
      const add = (name: string, content: string | Uint8Array): void => {
        files.push(name);
        hash.update(name).update('\0').update(content).update('\0');
      };
      for (const name of readdirSync(resolve(agent, 'public')).sort()) add(name, readFileSync(resolve(agent, 'public', name)));
      const worker = bundle['sw.js'];
      for (const [name, file] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (file !== worker) add(name, file.type === 'chunk' ? file.code : file.source);
      }
      if (worker?.type !== 'chunk') throw new Error('no service worker');
      const before = worker.code;
      worker.code = before
        .replace('__SITECAST_BUILD__', JSON.stringify(hash.update(before).digest('hex').slice(0, 16)))
        .replace('__SITECAST_FILES__', JSON.stringify(files));
    },
  };
}

export default defineConfig({
  root: agent,
  base: '/agent/',
  plugins: [packagesFromHere(), svelte({ configFile: resolve(web, 'svelte.config.js') }), listFiles(), precompress()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir: resolve(web, 'dist/agent'),
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: URLs
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: { index: resolve(agent, 'index.html'), sw: resolve(agent, 'src/page/service_worker.ts') },
      output: { entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  server: {
    host: '127.0.0.1',
    strictPort: true,
    fs: { allow: [resolve(web, '../..')] },
    proxy: { '/api': { target: gateway, ws: true } },
  },
});
