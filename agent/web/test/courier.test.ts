// SPDX-License-Identifier: Apache-2.0
// What the courier does when one of its errands goes wrong.
import { afterEach, expect, it, vi } from 'vitest';
import { Courier } from '../src/publish/courier';
import type { Action } from '../src/publish/delivery';
import type { Spool } from '../src/spool/spool';

afterEach(() => vi.restoreAllMocks());

const settings = { access: { url: 'ws://nowhere', project: '', device: '', password: '' }, will: () => null, connected: () => undefined };
const part = (handle: number, sequence: number): Action => ({ do: 'part', handle, sequence, live: false, token: sequence }) as Action;

// Which parts it reads, and in which order, when the machine asks for `actions`.
async function reads(actions: Action[], read: (sequence: number) => Promise<Uint8Array | null>): Promise<number[]> {
  const asked: number[] = [];
  const frame = (_handle: number, sequence: number): Promise<Uint8Array | null> => {
    asked.push(sequence);
    return read(sequence);
  };
  const courier = new Courier({ frame, listen: () => undefined } as unknown as Spool, settings);
  vi.spyOn(courier.machine, 'take').mockReturnValueOnce(actions).mockReturnValue([]);
  vi.spyOn(courier.machine, 'partUnreadable').mockReturnValue(undefined);
  courier.start();
  await vi.waitFor(() => expect(asked.length).toBe(actions.length));
  courier.stop();
  return asked;
}

it('goes on with the next part when the track of one was forgotten while it was read', async () => {
  const told = vi.spyOn(console, 'error').mockReturnValue(undefined);
  expect(await reads([part(1, 4), part(1, 5)], async () => new Uint8Array(1))).toEqual([4, 5]);
  expect(told).not.toHaveBeenCalled();
});

it('goes on with the next part when something failed that nobody thought of', async () => {
  const told = vi.spyOn(console, 'error').mockReturnValue(undefined);
  const read = (sequence: number): Promise<null> => {
    if (sequence === 4) throw new Error('unthought of');
    return Promise.resolve(null);
  };
  expect(await reads([part(1, 4), part(1, 5)], read)).toEqual([4, 5]);
  expect(told).toHaveBeenCalledOnce();
});
