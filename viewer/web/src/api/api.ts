// SPDX-License-Identifier: Apache-2.0
// The gateway's HTTP API. Every call answers with a tagged result and never throws: a page decides what
// each failure means to a person.
import type {
  Capture,
  CaptureDetail,
  Devices,
  Direction,
  Enrolments,
  FootageRequest,
  NewEnrolment,
  Plan,
  PlanBrief,
  PlanPreview,
  Project,
  SearchPage,
  Session,
  SpriteSheet,
  TimelinePage,
} from './types';

export type Failure =
  | 'signed_out'
  | 'not_found'
  | 'throttled'
  | 'offline' // no answer: the network or the gateway is away
  | 'unavailable' // an answer, but not now (5xx)
  | 'conflict' // somebody else's step came in between
  | 'refused';

export type Answer<T> = { ok: true; value: T } | { ok: false; failure: Failure };

function failureOf(status: number): Failure {
  if (status === 401) return 'signed_out';
  // What is not yours is answered like what does not exist.
  if (status === 403 || status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'unavailable' : 'refused';
}

async function request<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  const headers: Record<string, string> = {};
  if (method !== 'GET') headers['X-Sitecast'] = '1';
  const file = body instanceof Blob;
  if (body !== undefined && !file) headers['Content-Type'] = 'application/json';
  try {
    const response = await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: file ? body : JSON.stringify(body) }),
    });
    if (!response.ok) return { ok: false, failure: failureOf(response.status) };
    const text = await response.text();
    return { ok: true, value: (text === '' ? null : JSON.parse(text)) as T };
  } catch {
    return { ok: false, failure: 'offline' };
  }
}

const get = <T>(path: string): Promise<Answer<T>> => request<T>('GET', path);

export interface TimelineQuery {
  before?: string | null;
  area?: string;
  kind?: string;
  fromUs?: number;
  untilUs?: number;
  limit?: number;
}

export function timelinePath(project: string, query: TimelineQuery): string {
  const parameters = new URLSearchParams();
  parameters.set('limit', String(query.limit ?? 40));
  if (query.before) parameters.set('before', query.before);
  if (query.area) parameters.set('area', query.area);
  if (query.kind) parameters.set('kind', query.kind);
  if (query.fromUs !== undefined) parameters.set('from_us', String(query.fromUs));
  if (query.untilUs !== undefined) parameters.set('until_us', String(query.untilUs));
  return `/api/v1/projects/${project}/timeline?${parameters}`;
}

export const api = {
  session: () => get<Session>('/api/v1/session'),
  signIn: (user: string, password: string) =>
    request<Session>('POST', '/api/v1/session', { user, password }),
  signOut: () => request<null>('DELETE', '/api/v1/session'),
  projects: () => get<{ projects: Project[] }>('/api/v1/projects'),
  project: (id: string) => get<Project>(`/api/v1/projects/${id}`),
  timeline: (id: string, query: TimelineQuery) => get<TimelinePage>(timelinePath(id, query)),
  // `id` '': in all projects.
  search: (id: string, query: URLSearchParams) =>
    get<SearchPage>(`${id === '' ? '/api/v1/search' : `/api/v1/projects/${id}/search`}?${query}`),
  live: (id: string) => get<{ captures: Capture[] }>(`/api/v1/projects/${id}/live`),
  devices: (id: string) => get<Devices>(`/api/v1/projects/${id}/devices`),
  enrolments: (id: string) => get<Enrolments>(`/api/v1/projects/${id}/enrolments`),
  openEnrolment: (id: string, what: { name: string; minutes: number; also_projects: string[] }) =>
    request<NewEnrolment>('POST', `/api/v1/projects/${id}/enrolments`, what),
  cancelEnrolment: (id: string, enrolment: string) =>
    request<null>('POST', `/api/v1/projects/${id}/enrolments/cancel`, { enrolment_id: enrolment }),
  revokeDevice: (id: string, device: string) =>
    request<null>('POST', `/api/v1/projects/${id}/devices/revoke`, { device_id: device }),
  plan: (id: string) => get<Plan>(`/api/v1/projects/${id}/plan`),
  // One line, with all that was said of it.
  planItem: (id: string, item: string) => get<Plan>(`/api/v1/projects/${id}/plan?item=${item}`),
  planBrief: (id: string) => get<PlanBrief>(`/api/v1/projects/${id}/plan?items=none`),
  planPreview: (id: string, file: Blob) =>
    request<PlanPreview>('POST', `/api/v1/projects/${id}/plan/preview`, file),
  planConfirm: (id: string, file: Blob, name: string, preview: PlanPreview, event: string) =>
    request<{ number: number }>(
      'POST',
      `/api/v1/projects/${id}/plan/baselines?${new URLSearchParams({
        id: event,
        sha256: preview.sha256,
        after: String(preview.after),
        name,
      })}`,
      file,
    ),
  planState: (id: string, statement: Record<string, unknown>) =>
    request<{ id: string }>('POST', `/api/v1/projects/${id}/plan/statements`, statement),
  requests: (id: string) => get<{ requests: FootageRequest[] }>(`/api/v1/projects/${id}/requests`),
  direct: (project: string, what: Direction) =>
    request<{ id: string }>('POST', `/api/v1/projects/${project}/directions`, what),
  directCapture: (capture: string, what: Direction) =>
    request<{ id: string }>('POST', `/api/v1/captures/${capture}/directions`, what),
  capture: (id: string) => get<CaptureDetail>(`/api/v1/captures/${id}`),
  sprite: (id: string) => get<SpriteSheet>(`/api/v1/captures/${id}/sprite.json`),
};

export const thumbnailUrl = (id: string): string => `/api/v1/captures/${id}/thumbnail`;
export const fileUrl = (id: string): string => `/api/v1/captures/${id}/file`;
export const spriteUrl = (id: string): string => `/api/v1/captures/${id}/sprite`;
