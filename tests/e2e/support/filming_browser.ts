// SPDX-License-Identifier: Apache-2.0
// A browser that films with a camera and microphone made of files, and can be killed: Chromium with a profile of
// its own, a page that drives the engine of agent/web, and a door between it and the gateway that can be shut.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { build } from 'vite';
import type { EngineStatus } from '../../../agent/web/src/engine';
import type { RecorderState } from '../../../agent/web/src/recorder';
import type { Driver, PageEnrolment, Spooled } from './engine_page/page';
import type { Device } from './stack';

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

// Serves the page always, as a service worker would, and the gateway's tunnel while the door is open.
class Door {
  private readonly server: Server;
  private sockets = new Set<Socket | Duplex>();
  private shut = true;

  private constructor(folder: string, gateway: URL) {
    this.server = createServer((request, response) => {
      const path = join(folder, request.url === '/' ? 'index.html' : request.url!.split('?')[0]!);
      const there = existsSync(path);
      response.writeHead(there ? 200 : 204, { 'content-type': types[extname(path)] ?? 'application/octet-stream' });
      response.end(there ? readFileSync(path) : '');
    });
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (this.shut) {
        socket.destroy();
        return;
      }
      const there = connect(Number(gateway.port), gateway.hostname);
      const headers = { ...request.headers, host: gateway.host, origin: gateway.origin };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      there.write(`GET ${request.url!} HTTP/1.1\r\n${lines.join('')}\r\n`);
      there.write(head);
      socket.pipe(there).pipe(socket);
      for (const each of [socket, there]) {
        this.sockets.add(each);
        each.on('error', () => undefined);
        each.on('close', () => {
          this.sockets.delete(each);
          socket.destroy();
          there.destroy();
        });
      }
    });
  }

  static async at(folder: string, gateway: string): Promise<Door> {
    const door = new Door(folder, new URL(gateway));
    await new Promise<void>((done) => door.server.listen(0, '127.0.0.1', done));
    return door;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  set open(open: boolean) {
    this.shut = !open;
    if (open) return;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.open = false;
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

// A camera and a microphone as files, from `clip` or drawn here.
function makeFootage(folder: string, clip: string | null): { video: string; sound: string } {
  mkdirSync(folder);
  const video = join(folder, 'camera.y4m');
  const sound = join(folder, 'microphone.wav');
  const source = clip === null ? ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30:duration=2'] : ['-i', clip];
  const tone = clip === null ? ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=2'] : ['-i', clip];
  const ffmpeg = (...parameters: string[]): void => void execFileSync('ffmpeg', ['-v', 'error', '-y', ...parameters]);
  ffmpeg(...source, '-t', '4', '-vf', 'scale=1280:720,fps=30,format=yuv420p', '-an', video);
  try {
    ffmpeg(...tone, '-t', '4', '-vn', '-ac', '1', '-ar', '48000', sound);
  } catch {
    ffmpeg('-f', 'lavfi', '-i', 'sine=frequency=440:duration=4', '-ar', '48000', sound); // the clip is silent
  }
  return { video, sound };
}

export class FilmingBrowser {
  private child: ChildProcess | null = null;
  private context: BrowserContext | null = null;
  private page: Page | null = null;

  private footage = new Map<string | null, { video: string; sound: string }>();

  private constructor(
    private readonly folder: string,
    private readonly door: Door,
    private readonly enrolment: PageEnrolment,
  ) {}

  static async of(device: Device, http: string): Promise<FilmingBrowser> {
    const folder = join(dirname(device.config), 'browser');
    mkdirSync(folder);
    const built = join(folder, 'page');
    await build({
      configFile: false,
      root: resolve(import.meta.dirname, 'engine_page'),
      logLevel: 'warn',
      worker: { format: 'es' },
      build: { outDir: built, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: false, reportCompressedSize: false },
    });
    const door = await Door.at(built, http);
    const config = readFileSync(device.config, 'utf8');
    const value = (key: string): string => new RegExp(`^${key} = ['"](.*)['"]$`, 'm').exec(config)![1]!;
    const home = dirname(device.config);
    const seed = Buffer.from(readFileSync(join(home, 'device.key'), 'utf8').trim(), 'base64url').subarray(0, 32);
    const enrolment = {
      url: `ws://127.0.0.1:${door.port}/api/v1/mqtt`,
      project: value('project_id'),
      device: value('device_id'),
      password: readFileSync(join(home, 'broker.password'), 'utf8').trim(),
      pkcs8: `302e020100300506032b657004220420${seed.toString('hex')}`, // RFC 8410
    };
    return new FilmingBrowser(folder, door, enrolment);
  }

  set online(online: boolean) {
    this.door.open = online;
  }

  // The page is there; its engine is not started. The camera shows `clip`, or a test picture.
  async open(clip: string | null): Promise<void> {
    const footage = this.footage.get(clip) ?? makeFootage(join(this.folder, `footage-${this.footage.size}`), clip);
    this.footage.set(clip, footage);
    const log = openSync(join(this.folder, 'chromium.log'), 'a');
    const child = spawn(
      '/usr/bin/chromium',
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        `--user-data-dir=${join(this.folder, 'profile')}`,
        '--remote-debugging-port=0',
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-video-capture=${footage.video}`,
        `--use-file-for-fake-audio-capture=${footage.sound}`,
        'about:blank',
      ],
      { stdio: ['ignore', log, 'pipe'], detached: true },
    );
    this.child = child;
    const endpoint = await new Promise<string>((done, fail) => {
      let text = '';
      child.stderr!.on('data', (data: Buffer) => {
        writeSync(log, data);
        text += data.toString();
        const found = /DevTools listening on (ws:\S+)/.exec(text);
        if (found !== null) done(found[1]!);
      });
      child.once('exit', () => fail(new Error(`chromium ended: ${text}`)));
    });
    child.once('exit', () => closeSync(log));
    const browser = await chromium.connectOverCDP(endpoint);
    this.context = browser.contexts()[0]!;
    await this.newPage();
  }

  // In the same browser. What is opened and killed is the first one's.
  async anotherTab(): Promise<FilmingBrowser> {
    const other = new FilmingBrowser(this.folder, this.door, this.enrolment);
    other.context = this.context;
    await other.newPage();
    return other;
  }

  private async newPage(): Promise<void> {
    const page = await this.context!.newPage();
    page.on('pageerror', (error) => console.error('page:', error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('WebSocket')) console.error('page:', message.text());
    });
    await page.goto(`http://127.0.0.1:${this.door.port}/`);
    this.page = page;
  }

  // The whole browser at once, as when the system takes its memory.
  async kill(): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    process.kill(-child.pid!, 'SIGKILL');
    await gone;
    this.child = this.page = null;
  }

  async close(): Promise<void> {
    await this.kill();
    await this.door.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  begin(): Promise<void> {
    return this.page!.evaluate((enrolment) => (globalThis as unknown as { driver: Driver }).driver.begin(enrolment), this.enrolment);
  }
  record(area: string, feeds = false): Promise<string> {
    return this.page!.evaluate(([where, without]) => (globalThis as unknown as { driver: Driver }).driver.record(where, without), [area, feeds] as const);
  }
  // Of the driver's calls without parameters but one.
  call(what: 'stop' | 'close' | 'photo' | 'note' | 'progress' | 'document', parameter?: string | number): Promise<string> {
    return this.page!.evaluate(
      ([name, value]) => {
        const { driver } = globalThis as unknown as { driver: Record<string, (value?: string | number) => Promise<string>> };
        return driver[name]!(value);
      },
      [what, parameter] as const,
    );
  }
  // The recorder of the screen, in place of the engine alone.
  beginRecorder(): Promise<void> {
    return this.page!.evaluate((enrolment) => (globalThis as unknown as { driver: Driver }).driver.beginRecorder(enrolment), this.enrolment);
  }
  act(what: Parameters<Driver['act']>[0], order?: unknown): Promise<unknown> {
    return this.page!.evaluate(([name, value]) => (globalThis as unknown as { driver: Driver }).driver.act(name, value), [what, order] as const);
  }
  hand(name: string, area: string): Promise<unknown> {
    return this.page!.evaluate(([file, where]) => (globalThis as unknown as { driver: Driver }).driver.hand(file, where), [name, area] as const);
  }
  async untilState(what: string, condition: (state: RecorderState) => boolean): Promise<RecorderState> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const state = await this.page!.evaluate(() => (globalThis as unknown as { driver: Driver }).driver.state());
      if (state !== null && condition(state)) return state;
      if (Date.now() > deadline) throw new Error(`not in time: ${what}; ${JSON.stringify(state)}`);
      await new Promise((done) => setTimeout(done, 30));
    }
  }
  spooled(): Promise<Spooled> {
    return this.page!.evaluate((device) => (globalThis as unknown as { driver: Driver }).driver.spooled(device), this.enrolment.device);
  }
  status(): Promise<EngineStatus | null> {
    return this.page!.evaluate(() => (globalThis as unknown as { driver: Driver }).driver.status());
  }

  async until(what: string, condition: (status: EngineStatus) => boolean, withinMs = 30_000): Promise<EngineStatus> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const status = await this.status();
      if (status !== null && condition(status)) return status;
      if (Date.now() > deadline) throw new Error(`not in time: ${what}; ${JSON.stringify(status)}`);
      await new Promise((done) => setTimeout(done, 30));
    }
  }
}

// SHA-256 of each part in an archived file, by sequence (mfhd's number less one). Throws when one is there twice.
export function archivedParts(file: Buffer): Map<number, string> {
  const parts = new Map<number, string>();
  for (let at = 0; at < file.length; ) {
    const moof = file.readUInt32BE(at);
    const end = at + moof + file.readUInt32BE(at + moof);
    const sequence = file.readUInt32BE(at + 20) - 1; // moof, mfhd, version and flags
    if (parts.has(sequence)) throw new Error(`part ${sequence} is there twice`);
    parts.set(sequence, createHash('sha256').update(file.subarray(at, end)).digest('hex'));
    at = end;
  }
  return parts;
}
