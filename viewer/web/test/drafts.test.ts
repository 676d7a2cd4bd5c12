// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { draftOf, dropDraft, keepDraft } from '../src/state/drafts';

const begun = { percentage: 50, stage: '', text: '' };

describe('what was begun to be said of an item', () => {
  it('is there again until it is sent, for that item alone', () => {
    keepDraft('a', { percentage: 75, stage: 'roof', text: 'welds' }, begun);
    expect(draftOf('a')).toEqual({ percentage: 75, stage: 'roof', text: 'welds' });
    expect(draftOf('b')).toEqual({});
    dropDraft('a');
    expect(draftOf('a')).toEqual({});
  });
  it('is nothing that the form chose by itself', () => {
    keepDraft('a', { ...begun, text: 'welds' }, begun);
    expect(draftOf('a')).toEqual({ text: 'welds' });
    keepDraft('a', { ...begun }, begun);
    expect(draftOf('a')).toEqual({});
  });
});
