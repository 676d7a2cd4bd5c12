// SPDX-License-Identifier: Apache-2.0
// What is started before the framework is there: the live picture of the address that was opened, and
// the first answers its page will ask for. The page takes them over from here, once.
import { api, type Answer } from './api/api';
import type { Capture, CaptureDetail, Project } from './api/types';
import { acquireLive, peekLive, releaseLive } from './media/live_registry';
import type { Route } from './state/route';

export interface EarlyCapture {
  id: string;
  detail: Promise<Answer<CaptureDetail>>;
}

export interface EarlyProject {
  id: string;
  project: Promise<Answer<Project>>;
  live: Promise<Answer<{ captures: Capture[] }>>;
}

let capture: EarlyCapture | null = null;
let project: EarlyProject | null = null;
let liveHeld: string | null = null;

// The page's framework takes the main thread for some 100 ms; the first picture goes before it, up to
// this long.
const pictureFirstMs = 400;

// Resolves when the framework may start: with the first picture, or at once when none is to come.
export async function startEarly(route: Route): Promise<void> {
  if (route.page === 'capture') {
    capture = { id: route.id, detail: api.capture(route.id) };
    // Whether it is live is not known yet; asking costs less than waiting for the answer. With a moment
    // in the address a look back is wanted.
    if (route.at === null) {
      liveHeld = route.id;
      show(acquireLive(route.id).element);
      const notLive = capture.detail.then((answer) => {
        if (answer.ok && answer.value.state === 'live') return new Promise<void>(() => undefined);
        dropEarlyLive();
        return undefined;
      });
      await Promise.race([firstPicture(route.id), notLive]);
    }
  } else if (route.page === 'project') {
    project = { id: route.id, project: api.project(route.id), live: api.live(route.id) };
    const answer = await project.live;
    const first = answer.ok ? answer.value.captures[0] : undefined;
    if (first === undefined) return;
    liveHeld = first.id;
    show(acquireLive(first.id).element);
    await firstPicture(first.id);
  }
}

function firstPicture(id: string): Promise<void> {
  return new Promise((resolve) => {
    peekLive(id)?.requestVideoFrameCallback?.(() => resolve());
    setTimeout(resolve, pictureFirstMs);
  });
}

// The picture has a place on the page before the page is there: the same that it will have.
function show(element: HTMLVideoElement): void {
  const app = document.getElementById('app');
  if (app === null) return;
  const frame = document.createElement('div');
  frame.className = 'early-picture';
  frame.append(element);
  app.append(frame);
}

export function takeEarlyCapture(id: string): Promise<Answer<CaptureDetail>> {
  const early = capture;
  capture = null;
  return early !== null && early.id === id ? early.detail : api.capture(id);
}

export function takeEarlyProject(id: string): Pick<EarlyProject, 'project' | 'live'> {
  const early = project;
  project = null;
  return early !== null && early.id === id
    ? early
    : { project: api.project(id), live: api.live(id) };
}

export const earlyLiveElement = (): HTMLVideoElement | null =>
  liveHeld === null ? null : peekLive(liveHeld);

// The page holds the live player itself now, or does not want it.
export function dropEarlyLive(): void {
  if (liveHeld !== null) releaseLive(liveHeld);
  liveHeld = null;
}
