// SPDX-License-Identifier: Apache-2.0
// How this browser becomes a device: a link that works once, a key that is made here and cannot be read
// out, a password for the broker that is made here and told to the hub once. Both are kept before anybody is
// asked, and asked with again: an answer that was lost on the way costs nothing. No framework.
import { base64urlDecode, base64urlEncode } from '../../../viewer/web/src/codec/bytes';
import { isId } from '../../../viewer/web/src/codec/id';

export interface EnrolmentLink {
  id: string;
  token: string;
}

export interface DeviceProject {
  id: string;
  name: string;
  name_en: string;
  time_zone: string;
  areas: string[];
  stages: string[];
}

// What the link would make of this browser.
export interface Offer {
  name: string;
  projects: DeviceProject[];
  expires_at_us: number;
}

// Everything that the engine needs to be this device.
export interface EnrolledDevice {
  deviceId: string;
  name: string;
  projectIds: string[];
  projects: DeviceProject[];
  credentials: { username: string; password: string }; // at the broker, through /api/v1/mqtt
  key: CryptoKey; // Ed25519, signs; cannot be read out
  publicKey: Uint8Array;
}

export type EnrolFailure =
  | 'unknown' // no such link, or cut short
  | 'used' // by somebody else
  | 'expired'
  | 'cancelled'
  | 'throttled'
  | 'offline' // no answer: try again
  | 'unavailable' // an answer, but not now: try again
  | 'unsupported'; // this browser cannot make such keys, or keep them

export type EnrolAnswer<T> = { ok: true; value: T } | { ok: false; failure: EnrolFailure };

// What is kept on this device.
export interface KeptDevice {
  link: EnrolmentLink; // with which it came, or is coming
  key: CryptoKey;
  publicKey: Uint8Array;
  password: string;
  enrolled: { deviceId: string; name: string; projects: DeviceProject[] } | null;
}

export interface Kept {
  device: KeptDevice | null; // this browser is it
  newcomer: KeptDevice | null; // that it asked to become; `enrolled` is null
}

export interface DeviceStore {
  read(): Promise<Kept>;
  // A newcomer takes nobody's place before it is enrolled.
  write(kept: KeptDevice): Promise<void>;
}

// Of `#{id}.{token}`.
export function parseEnrolmentLink(fragment: string): EnrolmentLink | null {
  const [id = '', token = '', ...rest] = fragment.replace(/^#/, '').split('.');
  const bytes = base64urlDecode(token);
  return rest.length === 0 && isId(id) && bytes?.length === 24 ? { id, token } : null;
}

export const isOf = (kept: KeptDevice | null, link: EnrolmentLink | null): boolean =>
  kept !== null && link !== null && kept.link.id === link.id && kept.link.token === link.token;

export function deviceOf(kept: KeptDevice | null): EnrolledDevice | null {
  if (kept === null || kept.enrolled === null) return null;
  const { deviceId, name, projects } = kept.enrolled;
  return {
    deviceId,
    name,
    projects,
    projectIds: projects.map((project) => project.id),
    credentials: { username: deviceId, password: kept.password },
    key: kept.key,
    publicKey: kept.publicKey,
  };
}

function failureOf(status: number, code: string): EnrolFailure {
  if (status === 410) return code === 'expired' || code === 'cancelled' ? code : 'used';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'unavailable' : 'unknown';
}

async function post<T>(origin: string, path: string, body: unknown): Promise<EnrolAnswer<T>> {
  let response: Response;
  try {
    response = await fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Sitecast': '1' },
      credentials: 'omit', // whoever is signed in here is not meant
      referrerPolicy: 'no-referrer',
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as T & { error?: { code?: string } };
    if (response.ok) return { ok: true, value: answer };
    return { ok: false, failure: failureOf(response.status, answer.error?.code ?? '') };
  } catch {
    return { ok: false, failure: 'offline' };
  }
}

export function lookAt(link: EnrolmentLink, origin = ''): Promise<EnrolAnswer<Offer>> {
  return post<Offer>(origin, '/api/v1/enrolment/look', { enrolment_id: link.id, token: link.token });
}

async function newKept(link: EnrolmentLink): Promise<KeptDevice> {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const password = base64urlEncode(crypto.getRandomValues(new Uint8Array(32)));
  return { link, key: pair.privateKey, publicKey, password, enrolled: null };
}

// Keys that came with the same link are used again.
async function keysFor(link: EnrolmentLink, store: DeviceStore): Promise<KeptDevice> {
  const { device, newcomer } = await store.read();
  for (const kept of [device, newcomer]) if (kept !== null && isOf(kept, link)) return kept;
  const fresh = await newKept(link);
  await store.write(fresh);
  return fresh;
}

export async function enrol(
  link: EnrolmentLink,
  store: DeviceStore,
  origin = '',
): Promise<EnrolAnswer<EnrolledDevice>> {
  let kept: KeptDevice;
  let request: Record<string, string>;
  try {
    kept = await keysFor(link, store);
    const known = deviceOf(kept);
    if (known !== null) return { ok: true, value: known };
    const publicKey = base64urlEncode(kept.publicKey);
    const lines = ['sitecast enrolment v1', link.id, link.token, publicKey, kept.password, ''];
    const signature = await crypto.subtle.sign('Ed25519', kept.key, new TextEncoder().encode(lines.join('\n')));
    request = {
      enrolment_id: link.id,
      token: link.token,
      public_key: publicKey,
      password: kept.password,
      signature: base64urlEncode(new Uint8Array(signature)),
    };
  } catch {
    return { ok: false, failure: 'unsupported' };
  }
  interface Said {
    device_id: string;
    name: string;
    projects: DeviceProject[];
  }
  const answer = await post<Said>(origin, '/api/v1/enrolment', request);
  if (!answer.ok) return answer;
  const { device_id: deviceId, name, projects } = answer.value;
  const enrolled: KeptDevice = { ...kept, enrolled: { deviceId, name, projects } };
  try {
    await store.write(enrolled);
  } catch {
    return { ok: false, failure: 'unavailable' }; // asked again with the same keys
  }
  return { ok: true, value: deviceOf(enrolled)! };
}
