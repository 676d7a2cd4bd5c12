// SPDX-License-Identifier: Apache-2.0
// News of a project while its page is open. Reconnects by itself; whenever the connection stands the page
// is told to read everything again, because what it read before may have changed meanwhile.
import type { ProjectEvent } from './types';

export type Update =
  | { type: 'live_started' | 'live_ended' | 'capture_changed'; capture_id: string }
  | { type: 'event'; event: ProjectEvent }
  | { type: 'devices_changed' }
  // Something may have been missed: by the gateway, or here before there was a connection.
  | { type: 'resync' };

export function watchProject(project: string, listener: (update: Update) => void): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let waitMs = 1000;
  let closed = false;

  const connect = (): void => {
    const url = new URL(`/api/v1/projects/${project}/updates`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    socket = new WebSocket(url.href);
    socket.onopen = () => {
      waitMs = 1000;
      listener({ type: 'resync' });
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      let update: Update;
      try {
        update = JSON.parse(message.data) as Update;
      } catch {
        return;
      }
      listener(update);
    };
    socket.onclose = () => {
      if (closed) return;
      timer = setTimeout(connect, waitMs);
      waitMs = Math.min(15_000, waitMs * 2);
    };
  };
  connect();
  return () => {
    closed = true;
    if (timer !== null) clearTimeout(timer);
    socket?.close();
  };
}
