// SPDX-License-Identifier: Apache-2.0
// Speaking to the people on site: microphone, floor and what to tell the person about them.
import type { LivePlayer } from '../media/live_player';
import { Microphone, type MicrophoneTrouble } from '../media/microphone';

// Why one is not heard; busy, away, full and unavailable are the gateway's words.
export type TalkTrouble = MicrophoneTrouble | 'busy' | 'away' | 'full' | 'unavailable' | 'taken' | '';

const idleMs = 15_000; // the microphone is let go so long after the last word
const answerMs = 5000;

export class Talk {
  // asking: the microphone or the floor is not there yet
  state = $state<'idle' | 'asking' | 'speaking'>('idle');
  trouble = $state<TalkTrouble>('');
  speaker = $state<string | null>(null); // who has the floor, by name

  #microphone: Microphone | null = null;
  #wanted = false;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #answer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly player: LivePlayer) {
    player.onFloor(
      (speaker, yours) => this.#floor(speaker, yours),
      (reason) => this.#refused(reason),
    );
  }

  destroy(): void {
    this.stop();
    clearTimeout(this.#idle);
    this.#microphone?.close();
    this.#microphone = null;
    this.player.onFloor(
      () => undefined,
      () => undefined,
    );
  }

  // From a user's gesture.
  async start(): Promise<void> {
    if (this.#wanted) return;
    this.#wanted = true;
    this.trouble = '';
    this.state = 'asking';
    clearTimeout(this.#idle);
    if (this.#microphone === null || this.#microphone.closed) {
      const opened = await Microphone.open((opus) => this.player.sendPacket(opus));
      if (typeof opened === 'string') {
        this.#end(opened);
        return;
      }
      this.#microphone = opened;
    }
    if (!this.#wanted) {
      this.#letGoSoon(); // let go while the browser asked for the microphone
      return;
    }
    this.player.say('talk');
    clearTimeout(this.#answer);
    this.#answer = setTimeout(() => this.#refused('unavailable'), answerMs);
  }

  stop(): void {
    if (!this.#wanted) return;
    if (this.state === 'speaking') this.player.say('hush');
    this.#end('');
  }

  #floor(speaker: string | null, yours: boolean): void {
    this.speaker = speaker;
    if (yours && !this.#wanted) {
      this.player.say('hush'); // given after it was let go
    } else if (yours) {
      clearTimeout(this.#answer);
      this.state = 'speaking';
      if (this.#microphone !== null) this.#microphone.on = true;
    } else if (this.state === 'speaking') {
      this.#end(speaker === null ? 'unavailable' : 'taken');
    }
  }

  #refused(reason: string): void {
    if (this.state !== 'asking') return;
    const known = ['busy', 'away', 'full'] as const;
    this.#end(known.find((word) => word === reason) ?? 'unavailable');
  }

  #end(trouble: TalkTrouble): void {
    clearTimeout(this.#answer);
    this.#wanted = false;
    this.state = 'idle';
    this.trouble = trouble;
    if (this.#microphone !== null) this.#microphone.on = false;
    this.#letGoSoon();
  }

  #letGoSoon(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#microphone?.close();
      this.#microphone = null;
    }, idleMs);
  }
}
