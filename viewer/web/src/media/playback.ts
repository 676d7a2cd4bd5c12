// SPDX-License-Identifier: Apache-2.0
// What the page needs of whatever plays an archived capture: our own player, or the browser's.
import type { Range } from './playlist';

export type ArchiveStatus =
  | 'loading'
  | 'ready'
  | 'offline' // the network fails; tried again by itself
  | 'empty' // nothing is archived yet
  | 'unplayable' // this browser has not the codec
  | 'signed_out'
  | 'failed';

export interface ArchiveState {
  status: ArchiveStatus;
  duration: number; // seconds
  complete: boolean;
  hasVideo: boolean;
  hasAudio: boolean;
  soundUnplayable: boolean; // there is sound, and this browser does not take it
  following: boolean; // the newest of a capture that goes on, by a list that grows: some seconds late
  gaps: Range[]; // neither picture nor sound
  pictureGaps: Range[]; // sound only
  soundGaps: Range[]; // picture only
  damaged: Range[];
}

export interface TrackChoice {
  name: string;
  timescale: number; // 0: not known yet
  better?: TrackChoice; // another rendition of the same, taken wherever it is whole
}

export interface ArchiveTracks {
  video: TrackChoice | null;
  audio: TrackChoice | null;
  talk: TrackChoice[]; // what people said to the site; each is heard beside the rest
  durationSeconds: number; // of what was archived when the page asked; 0: not known
}

export interface Playback {
  readonly element: HTMLVideoElement;
  readonly state: ArchiveState;
  positionOf(elementSeconds: number): number; // the element's clock as the capture's
  onState(listener: (state: ArchiveState) => void): void;
  seek(seconds: number): void;
  destroy(): void;
}
