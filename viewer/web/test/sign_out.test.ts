// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Failure } from '../src/api/api';
import { signOut } from '../src/state/sign_out';

const kept = new Map<string, string>();

beforeEach(() => {
  kept.clear();
  kept.set('sitecast.visit.p', '{}').set('sitecast.visit.q', '{}').set('sitecast.lang', 'en');
  vi.stubGlobal('localStorage', {
    get length() {
      return kept.size;
    },
    key: (at: number) => [...kept.keys()][at] ?? null,
    removeItem: (key: string) => kept.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

const failed = (failure: Failure) => () => Promise.resolve({ ok: false as const, failure });

describe('signing out', () => {
  it.each(['offline', 'unavailable', 'refused', 'throttled'] as const)('has failed when it is %s', async (failure) => {
    expect(await signOut(failed(failure))).toBe(false);
    expect(kept.size).toBe(3);
  });
  it('is done when the session ended, or had ended, and leaves no visits behind', async () => {
    expect(await signOut(() => Promise.resolve({ ok: true, value: null }))).toBe(true);
    expect([...kept.keys()]).toEqual(['sitecast.lang']);
    expect(await signOut(failed('signed_out'))).toBe(true);
  });
});
