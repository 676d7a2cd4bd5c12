// SPDX-License-Identifier: Apache-2.0
// When this person last looked at a project, on this device. "What is new" counts from there; a visit
// that is reloaded or resumed within half an hour is still the same visit.
const sameVisitUs = 30 * 60 * 1e6;

interface Visit {
  previousUs: number; // end of the visit before this one; 0: never
  lastUs: number;
}

export function beginVisit(stored: string | null, nowUs: number): { visit: Visit; sinceUs: number } {
  let known: Visit = { previousUs: 0, lastUs: 0 };
  try {
    const read: unknown = stored === null ? null : JSON.parse(stored);
    if (read !== null && typeof read === 'object') known = { ...known, ...(read as Partial<Visit>) };
  } catch {
    // Written by something else: as if never visited.
  }
  const continued = nowUs - known.lastUs < sameVisitUs;
  const visit = { previousUs: continued ? known.previousUs : known.lastUs, lastUs: nowUs };
  return { visit, sinceUs: visit.previousUs };
}

const prefix = 'sitecast.visit.';

export function forgetVisits(): void {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? '');
    for (const key of keys) if (key.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // storage is switched off
  }
}

export function visitProject(project: string): number {
  const key = prefix + project;
  try {
    const { visit, sinceUs } = beginVisit(localStorage.getItem(key), Date.now() * 1000);
    localStorage.setItem(key, JSON.stringify(visit));
    return sinceUs;
  } catch {
    return 0; // storage is switched off
  }
}
