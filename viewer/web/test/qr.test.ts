// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { correctionOf, qrModules, qrPath } from '../src/codec/qr';
import { enrolmentLink, stateOf } from '../src/state/enrolment';

const rows = (modules: boolean[][]): string[] =>
  modules.map((line) => line.map((dark) => (dark ? '#' : '.')).join(''));

describe('a QR code', () => {
  it('corrects as the standard does in its example', () => {
    // ISO/IEC 18004 annex I: "01234567" as version 1-M.
    const data = Uint8Array.from(Buffer.from('10200c566180ec11ec11ec11ec11ec11', 'hex'));
    expect(Buffer.from(correctionOf(data, 10)).toString('hex')).toBe('a524d4c1ed36c7872c55');
  });

  it('is what a reader of another make has read', () => {
    // Codes of every length from 1 to 213 bytes were read back once by another program; these are two of them.
    const codes = ['https://site.example/agent/#AZNafIABcAGAAQIDBAUGCg.AAECAwQFBgcICQoLDA0ODxAREhMUFRYX', '云'.repeat(71)];
    const hashes = codes.map((text) => createHash('sha256').update(rows(qrModules(text)!).join('\n')).digest('hex').slice(0, 16));
    expect(hashes).toEqual(['1491fbd14500e6dc', 'c8dbcc0ddd1682df']);
  });

  it('grows with its text and says when there is too much', () => {
    expect(qrModules('a'.repeat(14))!.length).toBe(21);
    expect(qrModules('a'.repeat(15))!.length).toBe(25);
    expect(qrModules('a'.repeat(213))!.length).toBe(57);
    expect(qrModules('a'.repeat(214))).toBeNull();
  });

  it('stands in a quiet zone of four', () => {
    expect(qrPath([[true, false], [false, true]])).toBe('M4 4h1v1h-1zM5 5h1v1h-1z');
  });
});

describe('the link of an enrolment', () => {
  const made = { enrolment_id: 'AZNafIABcAGAAQIDBAUGCg', token: 'secret', expires_at_us: 1000 };
  it('carries the token where no server gets it', () => {
    const link = new URL(enrolmentLink('https://site.example', made));
    expect([link.pathname, link.search, link.hash]).toEqual(['/agent/', '', `#${made.enrolment_id}.secret`]);
  });
  it('is used once it is open no more, unless its time is over', () => {
    const open = { enrolment_id: made.enrolment_id, name: '', opened_by: '', opened_at_us: 0, expires_at_us: 1000, projects: [] };
    expect(stateOf(made, { tunnel: true, open: [open], devices: [] }, 2000)).toBe('waiting');
    expect(stateOf(made, { tunnel: true, open: [], devices: [] }, 999)).toBe('used');
    expect(stateOf(made, { tunnel: true, open: [], devices: [] }, 1000)).toBe('over');
  });
});
