// SPDX-License-Identifier: Apache-2.0
// The real stack for browser tests: scripts/stack (broker, hub, gateway) and agents, all in a folder and
// on ports of their own.
import { spawn, type ChildProcess, execFile } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../../..');
const binDir = process.env['SITECAST_BIN_DIR'] ?? join(root, 'build/dev/bin');
const run = promisify(execFile);

export interface StackInfo {
  http: string;
  device_config: string;
  hub_config: string;
  hub_state_dir: string;
  hub_pid: number;
  project_id: string;
  accounts: Record<string, string>;
}

// What `record --json` says at the end.
export interface FilmingEnd {
  reason: string;
  captured_ms: number;
  waiting_bytes: number;
  video_frames: number;
  video_frames_dropped: number;
  audio_frames: number;
}

// A recording that is being made.
export interface Filming {
  capture: string;
  // When all of it is at the hub.
  end: Promise<FilmingEnd>;
  // Ends it as soon as so much was filmed.
  stopAfter(seconds: number): void;
  signal(name: NodeJS.Signals): void;
}

export interface Device {
  config: string; // its agent.toml; key and password lie beside it
  // Runs sitecast-agent to its end; its stdout.
  agent(...parameters: string[]): Promise<string>;
  // Starts sitecast-agent and leaves it running until stop().
  startAgent(...parameters: string[]): ChildProcess;
  // `record --until-delivered` with these parameters. Resolves as soon as it films.
  film(...parameters: string[]): Promise<Filming>;
  // Starts `run` with a screen whose record button films `source`; the screen's address.
  serveScreen(source: string): Promise<string>;
}

export interface Stack extends StackInfo, Device {
  hub(...parameters: string[]): Promise<string>;
  // Another phone for the same project.
  addDevice(name: string): Promise<Device>;
  stopAgents(): Promise<void>;
  // A track's archived media as it lies on disk.
  archived(capture: string, track: string): Buffer;
  readonly binDir: string;
  newFolder(): string; // its path; it does not exist yet
  // Overwrites a stretch in the middle of a track's archived file, as a failing disk would.
  damage(capture: string, track: string): void;
  stop(): Promise<void>;
}

// Media of SITECAST_TEST_DATA; null: not on this machine.
export function testData(path: string): string | null {
  const folder = process.env['SITECAST_TEST_DATA'] ?? join(root, '../shared/data');
  const file = join(folder, path);
  return existsSync(file) ? file : null;
}

// First of `count` ports in a row that nobody listens on.
async function freePorts(count: number): Promise<number> {
  const free = (port: number): Promise<boolean> =>
    new Promise((done) => {
      const server = createServer();
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
  for (let base = 23_000 + (process.pid % 400) * 10; base < 32_000; base += 10) {
    const states = await Promise.all(Array.from({ length: count }, (_, i) => free(base + i)));
    if (states.every(Boolean)) return base;
  }
  throw new Error('no free ports');
}

async function readLine(child: ChildProcess, what: string): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    child.stdout?.on('data', (data: Buffer) => {
      text += data.toString();
      const end = text.indexOf('\n');
      if (end >= 0) done(text.slice(0, end));
    });
    child.once('exit', (code) => fail(new Error(`${what} ended with code ${code}`)));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((done) => child.once('exit', done));
}

const agentCommand = join(binDir, 'sitecast-agent');
// A phone on this site keeps the site's time.
const siteTime = { ...process.env, TZ: 'Asia/Shanghai' };

// A phone that was enrolled with `config`. What it starts is added to `started`.
function device(config: string, started: ChildProcess[]): Device {
  const start = (output: 'ignore' | 'pipe', parameters: string[]): ChildProcess => {
    const agent = spawn(agentCommand, ['--config', config, ...parameters], {
      stdio: ['ignore', output, 'inherit'],
      env: siteTime,
    });
    started.push(agent);
    return agent;
  };
  return {
    config,
    async agent(...parameters) {
      return (await run(agentCommand, ['--config', config, ...parameters], { env: siteTime })).stdout;
    },
    startAgent: (...parameters) => start('ignore', parameters),
    async serveScreen(source) {
      const port = await freePorts(1);
      const files = join(root, 'agent/web/dist-screen');
      const lines = ['', '[screen]', `port = ${port}`, `files = "${files}"`, `source = "${source}"`, ''];
      appendFileSync(config, lines.join('\n'));
      const said = JSON.parse(await readLine(start('pipe', ['--json', 'run']), 'sitecast-agent run')) as { address: string };
      return said.address;
    },
    film(...parameters) {
      const agent = start('pipe', ['--json', 'record', '--until-delivered', ...parameters]);
      return new Promise<Filming>((filming, failed) => {
        let end: FilmingEnd | undefined;
        let filmedMs = 0;
        let stopAtMs = Infinity;
        const stopInTime = (): void => {
          if (filmedMs < stopAtMs) return;
          stopAtMs = Infinity;
          agent.kill('SIGINT');
        };
        const ending = new Promise<FilmingEnd>((done, fail) => {
          agent.once('close', (code) => {
            const problem = new Error(`sitecast-agent record ${parameters.join(' ')} ended with code ${code}`);
            if (code === 0 && end !== undefined) done(end);
            else fail(problem);
            failed(problem); // unless it did film
          });
        });
        ending.catch(() => undefined); // told to whoever waits for it
        createInterface({ input: agent.stdout! }).on('line', (line) => {
          const said = JSON.parse(line) as { type?: string; capture_id: string } & FilmingEnd;
          if (said.type === 'end') end = said;
          else if (said.type === 'progress') {
            filmedMs = said.captured_ms;
            stopInTime();
          } else if (said.type === undefined) {
            const stopAfter = (seconds: number): void => {
              stopAtMs = seconds * 1000;
              stopInTime();
            };
            const signal = (name: NodeJS.Signals): void => void agent.kill(name);
            filming({ capture: said.capture_id, end: ending, stopAfter, signal });
          }
        });
      });
    },
  };
}

export async function startStack(): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), 'sitecast-e2e-'));
  const base = await freePorts(5);
  const child = spawn(
    join(root, 'scripts/stack'),
    ['--dir', folder, '--port-base', String(base), '--build', resolve(binDir, '..')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const info = JSON.parse(await readLine(child, 'scripts/stack')) as StackInfo;
  const agents: ChildProcess[] = [];
  const hub = async (...parameters: string[]): Promise<string> =>
    (await run(join(binDir, 'sitecast-hub'), ['--config', info.hub_config, ...parameters])).stdout;
  const stopAgents = async (): Promise<void> => {
    for (const agent of agents) agent.kill('SIGTERM');
    await Promise.all(agents.map(ended));
  };
  const mediaFile = (capture: string, track: string): string => {
    const names = readdirSync(info.hub_state_dir, { recursive: true, encoding: 'utf8' });
    const name = names.find((path) => path.endsWith(join(capture, `${track}.media`)));
    if (name === undefined) throw new Error(`no file of ${track} of ${capture}`);
    return join(info.hub_state_dir, name);
  };
  let devices = 0;
  let folders = 0;
  return {
    ...info,
    ...device(info.device_config, agents),
    hub,
    async addDevice(name) {
      const home = join(folder, `device-${++devices}`);
      mkdirSync(home);
      const seed = join(home, 'keygen.toml');
      writeFileSync(seed, 'key_file = "device.key"\n');
      const key = (await run(agentCommand, ['--config', seed, 'keygen'])).stdout.trim();
      const enrolment = ['--project', info.project_id, '--public-key', key, '--out', home];
      await hub('device', 'enrol', '--name', name, ...enrolment);
      return device(join(home, 'agent.toml'), agents);
    },
    stopAgents,
    archived: (capture, track) => readFileSync(mediaFile(capture, track)),
    binDir,
    newFolder: () => join(folder, `folder-${++folders}`),
    damage(capture, track) {
      const file = openSync(mediaFile(capture, track), 'r+');
      const size = fstatSync(file).size;
      writeSync(file, new Uint8Array(Math.floor(size / 20)), 0, null, Math.floor(size / 2));
      closeSync(file);
    },
    async stop() {
      await stopAgents();
      child.kill('SIGTERM');
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
