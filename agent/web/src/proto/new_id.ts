// SPDX-License-Identifier: Apache-2.0
// New ids: UUIDv7 (RFC 9562 section 6.2 method 1), as proto/base/id makes them. Ascending within one
// page, also when the clock is set back: a 12-bit counter is carried into the time.

export class IdMaker {
  private lastMs = 0;
  private counter = 0;

  constructor(
    private readonly nowMs: () => number = () => Date.now(),
    private readonly random: (bytes: Uint8Array<ArrayBuffer>) => void = (bytes) => {
      crypto.getRandomValues(bytes);
    },
  ) {}

  make(): Uint8Array {
    const id = new Uint8Array(16);
    this.random(id);
    const now = Math.floor(this.nowMs());
    if (now > this.lastMs) {
      this.lastMs = now;
      this.counter = id[6]! & 0x07; // a random start, with room to count
    } else if (++this.counter > 0xfff) {
      this.lastMs += 1;
      this.counter = 0;
    }
    let rest = this.lastMs;
    for (let i = 5; i >= 0; i--) {
      id[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    id[6] = 0x70 | (this.counter >> 8);
    id[7] = this.counter & 0xff;
    id[8] = 0x80 | (id[8]! & 0x3f);
    return id;
  }
}
