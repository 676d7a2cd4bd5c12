// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { enrolmentOf } from '../src/browser_recorder';
import type { EnrolledDevice } from '../src/enrol';

const project = (id: string, name: string, areas: string[]) => ({ id, name, name_en: '', time_zone: 'Asia/Shanghai', areas, stages: ['主体'] });
const device = {
  deviceId: 'D',
  name: '小李的手机',
  projectIds: ['P', 'Q'],
  projects: [project('P', '一期', ['A']), project('Q', '二期', ['B'])],
  credentials: { username: 'D', password: 'secret' },
  key: {} as CryptoKey,
  publicKey: new Uint8Array(32),
} satisfies EnrolledDevice;

describe('what was enrolled', () => {
  it('is who the engine says it is, at the gateway that the page came from', () => {
    expect(enrolmentOf(device, 'https://site.example')).toMatchObject({
      url: 'wss://site.example/api/v1/mqtt',
      project: 'P',
      device: 'D',
      password: 'secret',
      projectName: '一期',
      areas: ['A'],
    });
    expect(enrolmentOf(device, 'http://127.0.0.1:8080', 'Q')).toMatchObject({ url: 'ws://127.0.0.1:8080/api/v1/mqtt', project: 'Q', areas: ['B'] });
  });

  it('is nobody without a project', () => {
    expect(() => enrolmentOf({ ...device, projectIds: [] }, 'https://site.example')).toThrow('of no project');
  });
});
