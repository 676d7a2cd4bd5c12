// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it, vi } from 'vitest';
import { base64urlDecode } from '../../../viewer/web/src/codec/bytes';
import { deviceOf, enrol, lookAt, parseEnrolmentLink, type DeviceStore, type Kept, type KeptDevice } from '../src/enrol';

const link = { id: 'AZNafIABcAGAAQIDBAUGCg', token: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYX' };
const said = { device_id: 'AZNafIABcAGAAQIDBAUGDQ', name: '小李的手机', projects: [] };

class MemoryStore implements DeviceStore {
  kept: Kept = { device: null, newcomer: null };
  read(): Promise<Kept> {
    return Promise.resolve(this.kept);
  }
  write(kept: KeptDevice): Promise<void> {
    this.kept = kept.enrolled === null ? { ...this.kept, newcomer: kept } : { device: kept, newcomer: null };
    return Promise.resolve();
  }
}

type Answering = (path: string, body: Record<string, string>, init: RequestInit) => Response | Promise<Response>;
function answering(answer: Answering): Record<string, string>[] {
  const asked: Record<string, string>[] = [];
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as Record<string, string>;
    asked.push(body);
    return await answer(path, body, init);
  });
  return asked;
}
const refused = (status: number, code: string): Response => Response.json({ error: { code } }, { status });

afterEach(() => vi.unstubAllGlobals());

describe('a link', () => {
  it('is an id and a token of 24 bytes, and nothing else', () => {
    expect(parseEnrolmentLink(`#${link.id}.${link.token}`)).toEqual(link);
    for (const text of ['', '#', `#${link.id}`, `#${link.id}.`, `#${link.id}.${link.token}A`, `#x.${link.token}`,
      `#${link.id}.${link.token}.x`, `#${link.id}.${link.token.slice(0, 31)}=`]) {
      expect(parseEnrolmentLink(text), text).toBeNull();
    }
  });
});

describe('enrolling', () => {
  it('shows that it holds its key, which cannot be read out', async () => {
    const store = new MemoryStore();
    const asked = answering(() => Response.json(said));
    const done = await enrol(link, store);
    expect(done.ok && done.value.deviceId).toBe(said.device_id);
    const [request] = asked;
    const key = await crypto.subtle.importKey('raw', base64urlDecode(request!['public_key']!)! as BufferSource, 'Ed25519', false, ['verify']);
    const text = `sitecast enrolment v1\n${link.id}\n${link.token}\n${request!['public_key']}\n${request!['password']}\n`;
    const genuine = await crypto.subtle.verify('Ed25519', key, base64urlDecode(request!['signature']!)! as BufferSource, new TextEncoder().encode(text));
    expect(genuine).toBe(true);
    expect(store.kept.device!.key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('pkcs8', store.kept.device!.key)).rejects.toThrow();
    expect(deviceOf(store.kept.device)!.credentials).toEqual({ username: said.device_id, password: request!['password'] });
  });

  it('keeps its keys before it asks, and asks with them again when the answer was lost', async () => {
    const store = new MemoryStore();
    let lost = true;
    const asked = answering(() => {
      expect(store.kept.newcomer).not.toBeNull();
      if (lost) throw new TypeError('no network');
      return Response.json(said);
    });
    expect(await enrol(link, store)).toEqual({ ok: false, failure: 'offline' });
    lost = false;
    expect((await enrol(link, store)).ok).toBe(true);
    expect(asked[1]).toEqual(asked[0]);
    expect((await enrol(link, store)).ok).toBe(true);
    expect(asked.length).toBe(2); // known by then
  });

  it('tells plainly why not', async () => {
    for (const [status, code, failure] of [[410, 'used', 'used'], [410, 'expired', 'expired'], [410, 'cancelled', 'cancelled'],
      [404, 'unknown', 'unknown'], [400, 'invalid_argument', 'unknown'], [429, 'throttled', 'throttled'], [503, 'unavailable', 'unavailable']] as const) {
      answering(() => refused(status, code));
      expect(await lookAt(link)).toEqual({ ok: false, failure });
      expect(await enrol(link, new MemoryStore())).toEqual({ ok: false, failure });
    }
    answering(() => new Response('<html>', { status: 502 }));
    expect(await lookAt(link)).toEqual({ ok: false, failure: 'offline' });
  });

  it('sends nobody who is signed in along, and no address it came from', async () => {
    answering((_path, _body, init) => {
      expect(init.credentials).toBe('omit');
      expect(init.referrerPolicy).toBe('no-referrer');
      return Response.json(said);
    });
    await enrol(link, new MemoryStore());
  });

  it('says so where a browser cannot make or keep such keys', async () => {
    const store = new MemoryStore();
    store.write = () => Promise.reject(new Error('full'));
    answering(() => Response.json(said));
    expect(await enrol(link, store)).toEqual({ ok: false, failure: 'unsupported' });
  });

  it('with another link makes other keys', async () => {
    const store = new MemoryStore();
    const asked = answering(() => Response.json(said));
    await enrol(link, store);
    await enrol({ ...link, id: 'AZNafIABcAGAAQIDBAUGDg' }, store);
    expect(asked[1]!['public_key']).not.toBe(asked[0]!['public_key']);
  });

  it('takes the place of the device that it was only when it succeeds', async () => {
    const store = new MemoryStore();
    answering(() => Response.json(said));
    await enrol(link, store);
    answering(() => refused(410, 'used'));
    expect(await enrol({ ...link, id: 'AZNafIABcAGAAQIDBAUGDg' }, store)).toEqual({ ok: false, failure: 'used' });
    expect(deviceOf((await store.read()).device)?.deviceId).toBe(said.device_id);
  });
});
