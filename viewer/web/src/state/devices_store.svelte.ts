// SPDX-License-Identifier: Apache-2.0
// What the devices of one project hold, read again when the gateway says that it changed: at most every
// other second, because a device that sends says something new all the time.
import { api, type Failure } from '../api/api';
import type { Devices } from '../api/types';

const pauseMs = 2000;

export class DevicesStore {
  value = $state.raw<Devices | null>(null);
  failure = $state<Failure | null>(null); // of the last reading
  nowUs = $state(Date.now() * 1000); // when `value` was read
  #timer: ReturnType<typeof setTimeout> | null = null;
  #readAt = 0;
  #gone = false;

  constructor(readonly project: string) {}

  async read(): Promise<void> {
    this.#readAt = Date.now();
    const answer = await api.devices(this.project);
    if (this.#gone) return;
    this.failure = answer.ok ? null : answer.failure;
    if (!answer.ok) return;
    this.value = answer.value;
    this.nowUs = Date.now() * 1000;
  }

  readSoon(): void {
    if (this.#gone) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.read();
    }, Math.max(0, this.#readAt + pauseMs - Date.now()));
  }

  destroy(): void {
    this.#gone = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
