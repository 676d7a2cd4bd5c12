// SPDX-License-Identifier: Apache-2.0
// Live players by capture, so that the one that boot.ts started, or that plays in a project's tile,
// goes on without a break on the capture's own page.
import { LivePlayer } from './live_player';

interface Held {
  player: LivePlayer;
  holders: number;
}

const held = new Map<string, Held>();

// Pair each acquire with a release.
export function acquireLive(captureId: string): LivePlayer {
  let entry = held.get(captureId);
  if (entry === undefined) {
    entry = { player: new LivePlayer(captureId, document.createElement('video')), holders: 0 };
    held.set(captureId, entry);
  }
  entry.holders++;
  return entry.player;
}

// The element of a player that somebody holds; null: nobody does.
export function peekLive(captureId: string): HTMLVideoElement | null {
  return held.get(captureId)?.player.element ?? null;
}

// Destroyed a moment later unless somebody took it over: a page change releases before it acquires.
export function releaseLive(captureId: string): void {
  const entry = held.get(captureId);
  if (entry === undefined) return;
  entry.holders--;
  setTimeout(() => {
    if (entry.holders > 0 || held.get(captureId) !== entry) return;
    held.delete(captureId);
    entry.player.destroy();
  }, 300);
}
