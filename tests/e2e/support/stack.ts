// SPDX-License-Identifier: Apache-2.0
// The real stack for browser tests: scripts/stack (broker, hub, gateway) and agents, all in a folder and
// on ports of their own.
import { spawn, type ChildProcess, execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../../..');
const binDir = process.env['SITECAST_BIN_DIR'] ?? join(root, 'build/dev/bin');
const run = promisify(execFile);

export interface StackInfo {
  http: string;
  device_config: string;
  hub_config: string;
  hub_state_dir: string;
  project_id: string;
  accounts: Record<string, string>;
}

export interface Stack extends StackInfo {
  hub(...parameters: string[]): Promise<string>;
  // Runs sitecast-agent to its end; its stdout.
  agent(...parameters: string[]): Promise<string>;
  // Starts sitecast-agent and leaves it running until stop().
  startAgent(...parameters: string[]): ChildProcess;
  stopAgents(): Promise<void>;
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
  const agentCommand = join(binDir, 'sitecast-agent');
  const stopAgents = async (): Promise<void> => {
    for (const agent of agents) agent.kill('SIGTERM');
    await Promise.all(agents.map(ended));
  };
  return {
    ...info,
    async hub(...parameters) {
      const command = join(binDir, 'sitecast-hub');
      return (await run(command, ['--config', info.hub_config, ...parameters])).stdout;
    },
    async agent(...parameters) {
      return (await run(agentCommand, ['--config', info.device_config, ...parameters])).stdout;
    },
    startAgent(...parameters) {
      const agent = spawn(agentCommand, ['--config', info.device_config, ...parameters], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      agents.push(agent);
      return agent;
    },
    stopAgents,
    damage(capture, track) {
      const names = readdirSync(info.hub_state_dir, { recursive: true, encoding: 'utf8' });
      const name = names.find((path) => path.endsWith(join(capture, `${track}.media`)));
      if (name === undefined) throw new Error(`no file of ${track} of ${capture}`);
      const file = openSync(join(info.hub_state_dir, name), 'r+');
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
