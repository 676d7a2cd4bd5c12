// SPDX-License-Identifier: Apache-2.0
// Opens a MediaSource on a media element. iPhones have only ManagedMediaSource (W3C Media Source
// Extensions 2), which demands that remote playback is off.

export interface OpenSource {
  source: MediaSource;
  opened: Promise<void>;
  detach: () => void;
}

export function mediaSourceClass(): typeof MediaSource | null {
  const scope = globalThis as { ManagedMediaSource?: typeof MediaSource; MediaSource?: typeof MediaSource };
  return scope.MediaSource ?? scope.ManagedMediaSource ?? null;
}

export function attachSource(element: HTMLMediaElement): OpenSource | null {
  const Source = mediaSourceClass();
  if (Source === null) return null;
  const source = new Source();
  const url = URL.createObjectURL(source);
  const opened = new Promise<void>((resolve) => {
    source.addEventListener('sourceopen', () => resolve(), { once: true });
  });
  element.disableRemotePlayback = true;
  element.src = url;
  return {
    source,
    opened: opened.then(() => URL.revokeObjectURL(url)),
    detach: () => {
      if (element.src !== url) return;
      element.removeAttribute('src');
      element.load();
    },
  };
}

// Safari knows Opus in MP4 by the name of its sample entry.
const spellings = (codec: string): string[] => (/^opus$/i.test(codec) ? ['opus', 'Opus'] : [codec]);

// In the spelling that the browser takes, if it takes any.
export function mimeType(kind: 'video' | 'audio', codec: string): string {
  const types = spellings(codec).map((spelled) => `${kind}/mp4; codecs="${spelled}"`);
  return types.find((type) => mediaSourceClass()?.isTypeSupported(type) === true) ?? types[0]!;
}

// Whether the element by itself says no: then a playlist that names such a sound would not play at all.
export function refusesOpus(element: HTMLMediaElement): boolean {
  return spellings('opus').every((codec) => element.canPlayType(`audio/mp4; codecs="${codec}"`) === '');
}

export function canPlay(kind: 'video' | 'audio', codec: string): boolean {
  return mediaSourceClass()?.isTypeSupported(mimeType(kind, codec)) ?? false;
}

// Where the range that holds `position` ends; null when nothing is buffered there.
export function bufferedEndAt(ranges: TimeRanges | null, position: number): number | null {
  for (let i = 0; ranges !== null && i < ranges.length; i++) {
    if (ranges.start(i) <= position + 0.05 && position <= ranges.end(i)) return ranges.end(i);
  }
  return null;
}
