// SPDX-License-Identifier: Apache-2.0
// What a person has begun to say of a plan item and not sent yet: it outlives the form, which goes when somebody else
// moves the line to another list, or when the page is left to look at the evidence. In memory only; signing out
// loads a fresh page.
export interface Said {
  percentage: number | null;
  stage: string;
  text: string;
}

const drafts = new Map<string, Partial<Said>>(); // by plan item

export const draftOf = (item: string): Partial<Said> => drafts.get(item) ?? {};

// Only what differs from `begun`, which the form chose: an old percentage that nobody typed must not come back
// after somebody else set another.
export function keepDraft(item: string, said: Said, begun: Said): void {
  const draft: Partial<Said> = {};
  if (said.percentage !== begun.percentage) draft.percentage = said.percentage;
  if (said.stage !== begun.stage) draft.stage = said.stage;
  if (said.text !== begun.text) draft.text = said.text;
  if (Object.keys(draft).length === 0) drafts.delete(item);
  else drafts.set(item, draft);
}

export const dropDraft = (item: string): boolean => drafts.delete(item);
