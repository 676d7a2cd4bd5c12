// SPDX-License-Identifier: Apache-2.0
// MQTT topics: sitecast/1/{project}/{device}/…, the same rules as proto/codec/topics.h.
import { isId } from './id';

const trackKinds = ['video', 'master', 'audio', 'image', 'file', 'talk'] as const;
export type TrackKind = (typeof trackKinds)[number];
const maxTrackNameLength = 16;

// `kind` or `kind.n`; null: not a valid track name.
export function trackKind(track: string): TrackKind | null {
  if (track.length > maxTrackNameLength) return null;
  const match = /^([a-z]+)(?:\.(?:0|[1-9][0-9]{0,3}))?$/.exec(track);
  const kind = trackKinds.find((known) => known === match?.[1]);
  return kind ?? null;
}

export type Topic =
  | { kind: 'live' | 'fill'; project: string; device: string; capture: string; track: string }
  | { kind: 'event' | 'hello' | 'receipt' | 'down' | 'talk' | 'status'; project: string; device: string };

const deviceKinds = ['event', 'hello', 'receipt', 'down', 'talk', 'status'] as const;

export function formatTopic(topic: Topic): string {
  const prefix = `sitecast/1/${topic.project}/${topic.device}/${topic.kind}`;
  return 'track' in topic ? `${prefix}/${topic.capture}/${topic.track}` : prefix;
}

// The nil id means "none" everywhere else, so it names nothing in a topic.
const nilId = 'A'.repeat(22);
const names = (id: string): boolean => isId(id) && id !== nilId;

// null unless it is exactly one of ours with valid ids and track name.
export function parseTopic(text: string): Topic | null {
  const [root, version, project, device, kind, capture, track, ...rest] = text.split('/');
  if (root !== 'sitecast' || version !== '1' || rest.length > 0) return null;
  if (project === undefined || device === undefined || !names(project) || !names(device)) return null;
  if (kind === 'live' || kind === 'fill') {
    if (capture === undefined || track === undefined) return null;
    if (!names(capture) || trackKind(track) === null) return null;
    return { kind, project, device, capture, track };
  }
  const plain = deviceKinds.find((known) => known === kind);
  return plain !== undefined && capture === undefined ? { kind: plain, project, device } : null;
}
