// SPDX-License-Identifier: Apache-2.0
// The built page of the browser agent from a server of its own, on which another build can be published.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';

const built = resolve(import.meta.dirname, '../../../viewer/web/dist/agent');
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

export class AgentSite {
  private files = new Map<string, Buffer>();

  private constructor(private readonly server: Server) {
    for (const name of readdirSync(built, { recursive: true, encoding: 'utf8' })) {
      if (statSync(join(built, name)).isFile()) this.files.set(name, readFileSync(join(built, name)));
    }
    server.on('request', (request, response) => {
      const name = request.url!.split('?')[0]!.replace(/^\/agent\//, '') || 'index.html';
      const file = this.files.get(name);
      response.writeHead(file === undefined ? 404 : 200, { 'content-type': types[extname(name)] ?? 'text/plain', 'cache-control': 'no-cache' });
      response.end(file);
    });
  }

  static async open(): Promise<AgentSite> {
    const site = new AgentSite(createServer());
    await new Promise<void>((done) => site.server.listen(0, '127.0.0.1', done));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  // A build that says `name` in a meta element; its service worker has another hash.
  publish(name: string): void {
    const change = (file: string, from: RegExp, to: string): void => {
      const text = this.files.get(file)!.toString('utf8');
      if (!from.test(text)) throw new Error(`${file} is not as expected`);
      this.files.set(file, Buffer.from(text.replace(from, to)));
    };
    change('index.html', /<head>/, `<head><meta name="build" content="${name}" />`);
    change('sw.js', /(["'`])[0-9a-f]{16}\1/, '"0123456789abcdef"');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
