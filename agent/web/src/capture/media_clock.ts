// SPDX-License-Identifier: Apache-2.0
// A source's time stamps on the capture's clock. Camera and microphone count from moments of their own, so each is
// placed by when its first frame came, and anew when it has gone astray (another camera, a pause by a call). µs.

const astrayUs = 500_000;

export class MediaClock {
  private offsetUs: number | null = null;

  constructor(
    private readonly beganUs: number, // on the clock of `nowUs`
    private readonly nowUs: () => number,
  ) {}

  // `lengthUs`: what the frame holds, which began so long before it was there. Negative: before the capture began.
  timeOf(timestampUs: number, lengthUs: number): number {
    const cameUs = this.nowUs() - this.beganUs - lengthUs;
    if (this.offsetUs === null || Math.abs(cameUs - (timestampUs + this.offsetUs)) > astrayUs) {
      this.offsetUs = cameUs - timestampUs;
    }
    return timestampUs + this.offsetUs;
  }
}
