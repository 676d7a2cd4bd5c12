// SPDX-License-Identifier: Apache-2.0
// The native agent's screen (agent/web/native), built into agent/web/dist-screen for the agent to serve.
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const web = import.meta.dirname;

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

export default defineConfig({
  root: resolve(web, '../../agent/web/native'),
  base: './', // it lies below a token
  plugins: [packagesFromHere(), svelte({ configFile: resolve(web, 'svelte.config.js') })],
  build: {
    target: 'es2022',
    outDir: '../dist-screen',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
