// SPDX-License-Identifier: Apache-2.0
// The worker of a page that films: waits until no other tab is the agent, then carries out what the page asks.
import { Agent } from './agent';
import type { EngineStatus, FromWorker, ToWorker } from './messages';
import { OpfsDisk } from './spool/opfs_disk';
import { SpoolFull } from './spool/spool';

const lockName = 'sitecast-agent';
const lookMs = 250;

const say = (message: FromWorker): void => self.postMessage(message);

let agent: Agent | null = null;
let release: () => void = () => undefined;
let told = '';

const idle: EngineStatus = {
  phase: 'starting',
  why: '',
  recording: null,
  ended: null,
  delivery: null,
  unknownCaptures: 0,
  refusedEvents: 0,
  handedOnKbps: 0,
  captures: [],
  doneCaptures: [],
  storage: { storedBytes: 0, leftBytes: 0, minutesLeft: null, persisted: false, lowRoom: false, full: false },
};

function tell(status: EngineStatus): void {
  const text = JSON.stringify(status);
  if (text === told) return;
  told = text;
  say({ say: 'status', status });
}

async function start(order: Extract<ToWorker, { do: 'start' }>): Promise<void> {
  const run = async (): Promise<void> => {
    tell(idle);
    agent = await Agent.start(order.enrolment, await OpfsDisk.at(order.store));
    tell(await agent.look());
    const looking = setInterval(() => {
      if (agent !== null) void agent.look().then(tell);
    }, lookMs);
    await new Promise<void>((done) => (release = done));
    clearInterval(looking);
  };
  await navigator.locks.request(lockName, { ifAvailable: true }, async (lock) => {
    if (lock === null) tell({ ...idle, phase: 'other_tab' });
    else await run();
  });
  if (told !== '' && agent === null) await navigator.locks.request(lockName, run);
}

function running(): Agent {
  if (agent === null) throw new Error('not running');
  return agent;
}

async function carryOut(order: ToWorker): Promise<string | Blob> {
  switch (order.do) {
    case 'start':
      await start(order);
      return '';
    case 'record':
      return running().record(order.order);
    case 'frames':
      void running().current?.readFrames(order.readable);
      return '';
    case 'sound':
      void running().current?.readSound(order.readable);
      return '';
    case 'frame':
      if (agent?.current === null || agent === null) order.frame.close();
      else void agent.current.video?.take(order.frame);
      return '';
    case 'pcm': {
      const { pcm: data, sampleRate, timestampUs: timestamp } = order;
      const about = { format: 'f32-planar', sampleRate, numberOfFrames: data.length, numberOfChannels: 1 } as const;
      void agent?.current?.sound?.take(new AudioData({ ...about, timestamp, data }));
      return '';
    }
    case 'stop':
      await running().stop(order.reason);
      return '';
    case 'still': {
      const video = running().current?.video ?? null;
      if (video === null) throw new Error('no picture is recorded');
      return video.still();
    }
    case 'file':
      return running().store(order.order);
    case 'state':
      return running().state(order.order);
    case 'network_changed':
      agent?.networkChanged();
      return '';
    case 'close':
      await agent?.close();
      agent = null;
      release();
      return '';
  }
}

self.addEventListener('message', (event: MessageEvent<ToWorker>) => {
  const { question } = event.data;
  carryOut(event.data).then(
    (value) => {
      if (question !== undefined) say({ say: 'answer', question, value });
    },
    (error: unknown) => {
      const why = error instanceof Error ? error instanceof SpoolFull ? 'disk_full' : error.message : String(error);
      if (question !== undefined) say({ say: 'failed', question, why });
      else if (event.data.do === 'start') tell({ ...idle, phase: 'failed', why });
    },
  );
});
