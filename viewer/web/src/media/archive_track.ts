// SPDX-License-Identifier: Apache-2.0
// One kind of an archived capture's tracks (of the picture: the best rendition per moment) on its way into one SourceBuffer: decides what is needed next around
// the playhead, fetches it, checks it, appends it. Whatever is damaged is left out and told; nothing
// here ends playback.
import { readInit, type InitInfo } from '../codec/init_reader';
import { AppendQueue } from './append_queue';
import { opusSilence, pieces, stillPicture } from './filler';
import { mimeType } from './media_source';
import { withoutPauses } from './pauses';
import { endOf, gapTolerance, type Playlist, type Range, type Segment } from './playlist';
import { checkSegment } from './segment_check';

const aheadSeconds = 20;
const behindSeconds = 30;
// Durations are rounded: a frame that begins before its segment's end belongs to it.
const cutSlackSeconds = 0.005;
const retryMs = [300, 1000, 3000];

interface Piece extends Range {
  key: number; // segment name, or negative for a bridge over a hole
  sizeBytes: number;
  init: string;
  segment: Segment | null;
}

export interface TrackHost {
  position(): number;
  changed(): void; // something was appended or given up: look again
  damaged(track: ArchiveTrack, range: Range): void;
  broken(): boolean; // the MediaSource has ended with an error
  offline(since: boolean): void; // the network fails / works again
  refused(status: number): void; // 401, 403, 404 for the whole capture
}

export class ArchiveTrack {
  #queue: AppendQueue | null = null;
  #pieces: Piece[] = [];
  #appended = new Map<number, number>(); // piece → its size when it was appended
  #skipped = new Set<number>();
  #inits = new Map<string, { bytes: Uint8Array; info: InitInfo }>();
  #currentInit = '';
  #currentCodec = '';
  #keyFrame: { track: string; init: string; data: Uint8Array } | null = null;
  #fetch: { key: number; abort: AbortController } | null = null;
  #closed = false;

  constructor(
    readonly kind: 'video' | 'audio',
    readonly name: string,
    private readonly captureId: string,
    public playlist: Playlist,
    private readonly host: TrackHost,
  ) {
    this.setPlaylist(playlist, []);
  }

  get skipped(): ReadonlySet<number> {
    return this.#skipped;
  }

  get firstCodec(): string | null {
    const first = this.playlist.segments.find((segment) => segment.init in this.playlist.inits);
    return first === undefined ? null : this.playlist.inits[first.init]!;
  }

  get buffered(): TimeRanges | null {
    return this.#queue?.buffered ?? null;
  }

  get idle(): boolean {
    return this.#fetch === null && (this.#queue?.idle ?? true);
  }

  // `bridged`: stretches that only the other track has.
  setPlaylist(playlist: Playlist, bridged: Range[]): void {
    this.playlist = playlist;
    const list: Piece[] = playlist.segments
      .filter((segment) => segment.sizeBytes > 0 && !this.#skipped.has(segment.key))
      .map((segment) => ({
        key: segment.key,
        start: segment.start,
        end: segment.end,
        sizeBytes: segment.sizeBytes,
        init: segment.init,
        segment,
      }));
    for (const hole of bridged) {
      for (const piece of pieces(hole)) {
        const key = -1 - Math.round(piece.start * 1000);
        list.push({ ...piece, key, sizeBytes: 1, init: '', segment: null });
      }
    }
    this.#pieces = list.sort((a, b) => a.start - b.start);
  }

  open(source: MediaSource): void {
    const codec = this.firstCodec;
    if (codec === null) return;
    this.#currentCodec = codec;
    const buffer = source.addSourceBuffer(mimeType(this.kind, codec));
    this.#queue = new AppendQueue(
      buffer,
      () => this.host.position(),
      () => this.host.changed(),
    );
  }

  close(): void {
    this.#closed = true;
    this.#fetch?.abort.abort();
    this.#fetch = null;
    this.#queue?.close();
    this.#queue = null;
  }

  // The playhead went elsewhere: what is under way for the old place is dropped.
  seeking(): void {
    const wanted = this.#next();
    if (this.#fetch !== null && this.#fetch.key !== wanted?.key) {
      this.#fetch.abort.abort();
      this.#fetch = null;
    }
    this.pump();
  }

  // Everything wanted around the playhead is in the buffer.
  satisfied(withinSeconds: number): boolean {
    const next = this.#next();
    return this.idle && (next === null || next.start > this.host.position() + withinSeconds);
  }

  atEnd(): boolean {
    return this.idle && this.#next() === null && this.host.position() > endOf(this.playlist) - aheadSeconds;
  }

  // What an earlier MediaSource could not decode.
  skip(keys: ReadonlySet<number>): void {
    this.#skipped = new Set(keys);
    this.setPlaylist(this.playlist, []);
  }

  // The segment at `time` cannot be decoded.
  giveUpAt(time: number): void {
    const piece = this.#pieces.find((candidate) => candidate.start <= time + 0.05 && time < candidate.end);
    if (piece !== undefined) this.#skip(piece);
  }

  pump(): void {
    if (this.#closed || this.#queue === null || this.#fetch !== null || !this.#queue.idle) return;
    this.#tidy();
    const piece = this.#next();
    if (piece === null) return;
    const abort = new AbortController();
    this.#fetch = { key: piece.key, abort };
    void this.#load(piece, abort.signal).finally(() => {
      if (this.#fetch?.abort !== abort) return;
      this.#fetch = null;
      this.host.changed();
    });
  }

  #next(): Piece | null {
    const position = this.host.position();
    for (const piece of this.#pieces) {
      if (piece.end <= position) continue;
      if (piece.start > position + aheadSeconds) return null;
      if (!this.#skipped.has(piece.key) && !this.#done(piece)) return piece;
    }
    return null;
  }

  // Appended as it is now, and not evicted since.
  #done(piece: Piece): boolean {
    if (this.#appended.get(piece.key) !== piece.sizeBytes) return false;
    const ranges = this.buffered;
    for (let i = 0; ranges !== null && i < ranges.length; i++) {
      const overlap = Math.min(ranges.end(i), piece.end) - Math.max(ranges.start(i), piece.start);
      if (overlap > 0) return true;
    }
    return false;
  }

  #tidy(): void {
    const ranges = this.buffered;
    const until = this.host.position() - behindSeconds;
    if (ranges !== null && ranges.length > 0 && ranges.start(0) < until - behindSeconds) {
      this.#queue?.remove(ranges.start(0), until);
    }
  }

  #skip(piece: Piece): void {
    if (this.#skipped.has(piece.key)) return;
    this.#skipped.add(piece.key);
    this.host.damaged(this, { start: piece.start, end: piece.end });
  }

  async #load(piece: Piece, signal: AbortSignal): Promise<void> {
    if (piece.segment === null) {
      await this.#bridge(piece, signal);
      return;
    }
    const { track, n } = piece.segment;
    const [init, bytes] = await Promise.all([
      this.#init(track, piece.init, signal),
      this.#get(`/segments/${this.captureId}/${track}/${n}`, signal),
    ]);
    if (signal.aborted) return;
    if (init === null || bytes === null) {
      this.#skip(piece);
      return;
    }
    const checked = checkSegment(this.kind, bytes);
    const key = checked.chunks[0]?.samples.find((sample) => sample.keyFrame);
    if (checked.chunks.length === 0) {
      this.#skip(piece);
      return;
    }
    if (this.kind === 'video' && key !== undefined) {
      const { payload } = checked.chunks[0]!;
      this.#keyFrame = {
        track,
        init: piece.init,
        data: payload.slice(key.offset, key.offset + key.size),
      };
    }
    if (checked.damaged) this.host.damaged(this, { start: piece.start, end: piece.end });
    const whole =
      this.kind === 'video'
        ? withoutPauses(checked.bytes, checked.chunks, this.#follower(piece))
        : checked.bytes;
    await this.#append(piece, init, whole);
  }

  // The first picture after `piece`; null: none is known, or a gap is drawn before it.
  #follower(piece: Piece): { sequence: number; decodeTime: number } | null {
    const next = this.playlist.segments.find((segment) => segment.start > piece.start);
    if (next === undefined || next.start - piece.end > gapTolerance) return null;
    return { sequence: next.n, decodeTime: Math.round(next.start * this.playlist.timescale) };
  }

  async #bridge(piece: Piece, signal: AbortSignal): Promise<void> {
    let bytes: Uint8Array | null = null;
    let hash = '';
    let track = this.name;
    if (this.kind === 'audio') {
      hash = this.#nearest(piece)?.init ?? '';
      const init = await this.#init(track, hash, signal);
      if (init?.info.codec === 'opus') {
        bytes = opusSilence(piece, this.playlist.timescale, init.info.channelCount);
      }
    } else {
      await this.#needKeyFrame(piece, signal);
      hash = this.#keyFrame?.init ?? '';
      track = this.#keyFrame?.track ?? track;
      if (this.#keyFrame !== null) {
        bytes = stillPicture(piece, this.playlist.timescale, this.#keyFrame.data);
      }
    }
    if (signal.aborted) return;
    const init = hash === '' ? null : await this.#init(track, hash, signal);
    if (bytes === null || init === null) this.#skipped.add(piece.key);
    else await this.#append(piece, init, bytes);
  }

  // The segment before `piece`, else the one after it.
  #nearest(piece: Piece): Segment | null {
    let nearest: Segment | null = null;
    for (const segment of this.playlist.segments) {
      if (this.#skipped.has(segment.key)) continue;
      if (segment.start > piece.start && nearest !== null) break;
      nearest = segment;
    }
    return nearest;
  }

  // After a seek into a hole no segment of its surroundings has been read yet.
  async #needKeyFrame(piece: Piece, signal: AbortSignal): Promise<void> {
    const nearest = this.#nearest(piece);
    if (nearest === null || this.#appended.has(nearest.key)) return;
    const bytes = await this.#get(`/segments/${this.captureId}/${nearest.track}/${nearest.n}`, signal);
    const chunk = bytes === null ? undefined : checkSegment(this.kind, bytes).chunks[0];
    const key = chunk?.samples.find((sample) => sample.keyFrame);
    if (chunk === undefined || key === undefined) return;
    this.#keyFrame = {
      track: nearest.track,
      init: nearest.init,
      data: chunk.payload.slice(key.offset, key.offset + key.size),
    };
  }

  async #append(
    piece: Piece,
    init: { bytes: Uint8Array; info: InitInfo },
    bytes: Uint8Array,
  ): Promise<void> {
    const queue = this.#queue;
    if (queue === null) return;
    if (this.#currentInit !== piece.init || piece.segment === null) {
      if (init.info.codec !== this.#currentCodec) {
        queue.changeCodec(mimeType(this.kind, init.info.codec));
        this.#currentCodec = init.info.codec;
      }
      queue.append(init.bytes);
      this.#currentInit = piece.init;
    }
    // A segment of another rendition begins where this one is cut.
    queue.endWindow(piece.segment === null ? Infinity : piece.end + cutSlackSeconds);
    const ok = await new Promise<boolean>((resolve) => queue.append(bytes, resolve));
    if (ok) this.#appended.set(piece.key, piece.sizeBytes);
    else if (this.host.broken()) this.#skip(piece);
  }

  async #init(
    track: string,
    hash: string,
    signal: AbortSignal,
  ): Promise<{ bytes: Uint8Array; info: InitInfo } | null> {
    const known = this.#inits.get(hash);
    if (known !== undefined) return known;
    const bytes = await this.#get(`/segments/${this.captureId}/${track}/init/${hash}`, signal);
    if (bytes === null) return null;
    try {
      const init = { bytes, info: readInit(bytes) };
      this.#inits.set(hash, init);
      return init;
    } catch {
      return null;
    }
  }

  // null: it is not there or cannot be read, or the signal says stop. A failing network is waited for.
  async #get(url: string, signal: AbortSignal): Promise<Uint8Array | null> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const response = await fetch(url, { signal });
        if (response.ok) {
          const bytes = new Uint8Array(await response.arrayBuffer());
          this.host.offline(false);
          return bytes;
        }
        if (response.status === 401) this.host.refused(401);
        if (response.status < 500 || attempt >= retryMs.length) return null;
      } catch {
        if (signal.aborted) return null;
        this.host.offline(true);
      }
      const wait = retryMs[Math.min(attempt, retryMs.length - 1)]!;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    return null;
  }
}
