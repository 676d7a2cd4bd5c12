// SPDX-License-Identifier: Apache-2.0
// A picture that is made some moments after its capture: where it is not there yet it is asked for
// again, less and less often, and shown when it is.
const waitsMs = [1000, 3000, 10_000, 30_000];

export class PictureTries {
  failed = $state(false);
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly url: () => string) {}

  // The picture on the page could not be loaded.
  lost(): void {
    this.failed = true;
    this.#tryAfter(0);
  }

  // Another picture, or the end of the page.
  reset(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.failed = false;
  }

  #tryAfter(count: number): void {
    const wait = waitsMs[count];
    if (wait === undefined) return;
    this.#timer = setTimeout(() => {
      const url = this.url();
      const probe = new Image();
      const current = (): boolean => this.failed && this.url() === url;
      probe.onload = () => {
        if (current()) this.failed = false;
      };
      probe.onerror = () => {
        if (current()) this.#tryAfter(count + 1);
      };
      probe.src = url;
    }, wait);
  }
}
