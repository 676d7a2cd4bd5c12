// SPDX-License-Identifier: Apache-2.0
// A peer of `bench uplink`: tus-js-client in Node sends a file in one request, and goes on from the server's
// offset whenever that breaks.
//   node tus_sender.mjs ENDPOINT FILE   prints one line of JSON
import { createReadStream, statSync } from 'node:fs';
import { Upload } from 'tus-js-client';

const [endpoint, path] = process.argv.slice(2);
let retries = 0;
const upload = new Upload(createReadStream(path), {
  endpoint,
  uploadSize: statSync(path).size,
  retryDelays: Array(1000).fill(500),
  onShouldRetry: () => {
    retries += 1;
    return true;
  },
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => {
    console.log(JSON.stringify({ url: upload.url, retries }));
    process.exit(0);
  },
});
upload.start();
