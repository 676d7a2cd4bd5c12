// SPDX-License-Identifier: Apache-2.0
// One SourceBuffer, one operation at a time. Appends that wait are joined into one, so that a burst
// (the cached group of pictures at the start) costs one turn. Evicts what lies behind the playhead and
// retries when the browser's quota is full.

type Operation =
  | { kind: 'append'; bytes: Uint8Array; done: ((ok: boolean) => void) | null }
  | { kind: 'remove'; from: number; until: number }
  | { kind: 'codec'; mimeType: string }
  | { kind: 'window'; until: number };

export class AppendQueue {
  #operations: Operation[] = [];
  #waiting: Extract<Operation, { kind: 'append' }>[] = [];
  #closed = false;

  constructor(
    private readonly buffer: SourceBuffer,
    // How much behind the playhead may go when the quota is full.
    private readonly position: () => number,
    private readonly onIdle: () => void,
  ) {
    buffer.addEventListener('updateend', this.#finished);
    buffer.addEventListener('error', this.#refused);
  }

  get buffered(): TimeRanges | null {
    // A SourceBuffer that was removed from its MediaSource throws.
    return this.#closed ? null : this.buffer.buffered;
  }

  get idle(): boolean {
    return !this.buffer.updating && this.#operations.length === 0;
  }

  append(bytes: Uint8Array, done: ((ok: boolean) => void) | null = null): void {
    this.#operations.push({ kind: 'append', bytes, done });
    this.#run();
  }

  remove(from: number, until: number): void {
    if (until > from) this.#operations.push({ kind: 'remove', from, until });
    this.#run();
  }

  changeCodec(mimeType: string): void {
    this.#operations.push({ kind: 'codec', mimeType });
    this.#run();
  }

  // Frames from this moment on are left out of what is appended next; Infinity: none.
  endWindow(until: number): void {
    this.#operations.push({ kind: 'window', until });
    this.#run();
  }

  // Forgets what waits: a seek made it useless.
  clear(): void {
    for (const operation of this.#operations) {
      if (operation.kind === 'append') operation.done?.(false);
    }
    this.#operations = [];
  }

  close(): void {
    this.#closed = true;
    this.buffer.removeEventListener('updateend', this.#finished);
    this.buffer.removeEventListener('error', this.#refused);
    this.#settle(false);
    this.clear();
  }

  #settle(ok: boolean): void {
    const settled = this.#waiting;
    this.#waiting = [];
    for (const operation of settled) operation.done?.(ok);
  }

  // The browser could not read what was appended; its MediaSource has ended with that.
  readonly #refused = (): void => this.#settle(false);

  readonly #finished = (): void => {
    this.#settle(true);
    this.#run();
    if (!this.#closed && this.idle) this.onIdle();
  };

  #run(): void {
    while (!this.#closed && !this.buffer.updating) {
      const next = this.#operations[0];
      if (next === undefined) return;
      if (next.kind === 'append') {
        this.#appendRun();
        return;
      }
      this.#operations.shift();
      if (next.kind === 'codec') this.buffer.changeType(next.mimeType);
      else if (next.kind === 'window') this.buffer.appendWindowEnd = next.until;
      else this.buffer.remove(next.from, next.until);
    }
  }

  #appendRun(): void {
    const run: Extract<Operation, { kind: 'append' }>[] = [];
    for (const operation of this.#operations) {
      if (operation.kind !== 'append') break;
      run.push(operation);
    }
    const bytes = run.length === 1 ? run[0]!.bytes : join(run.map((operation) => operation.bytes));
    try {
      this.buffer.appendBuffer(bytes as Uint8Array<ArrayBuffer>);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError' && this.#makeRoom()) {
        return; // the removal's updateend runs the same append again
      }
      this.#operations.splice(0, run.length);
      for (const operation of run) operation.done?.(false);
      return;
    }
    this.#operations.splice(0, run.length);
    this.#waiting = run;
  }

  // Removes what is more than a second behind, else what is far ahead. false: nothing to remove.
  #makeRoom(): boolean {
    const ranges = this.buffer.buffered;
    if (ranges.length === 0) return false;
    const position = this.position();
    const first = ranges.start(0);
    const last = ranges.end(ranges.length - 1);
    if (first < position - 2) this.buffer.remove(first, position - 1);
    else if (last > position + 10) this.buffer.remove(position + 10, last);
    else return false;
    return true;
  }
}

export function join(pieces: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
