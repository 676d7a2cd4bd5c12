// SPDX-License-Identifier: Apache-2.0
// A peer of `bench uplink`: @tus/server with its file store.
//   node tus_server.mjs HOST PORT FOLDER   prints "ready", runs until SIGTERM
import http from 'node:http';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const [host, port, directory] = process.argv.slice(2);
const tus = new Server({ path: '/files', datastore: new FileStore({ directory }) });
const server = http.createServer((request, response) => void tus.handle(request, response));
server.requestTimeout = 0; // one request may take as long as the link needs
server.listen(Number(port), host, () => console.log('ready'));
process.on('SIGTERM', () => process.exit(0));
