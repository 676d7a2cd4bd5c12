// SPDX-License-Identifier: Apache-2.0
// The gateway's JSON (viewer/gateway, OpenAPI file), as far as the pages read it. Names as on the wire.

export interface Session {
  user: string;
  display_name: string;
  role: 'centre' | 'agent' | 'owner';
  locale: string;
}

export interface Project {
  id: string;
  name: string;
  name_en: string;
  place: string;
  time_zone: string;
  areas: string[];
  stages: string[];
  capture_count: number;
  last_captured_at_us: number; // 0: none yet
  live: string[];
}

export type CaptureState = 'live' | 'open' | 'complete' | 'incomplete';

export interface Photo {
  width: number;
  height: number;
  orientation: number;
  exif_time: string;
  exif_offset: string;
  has_gps: boolean;
  latitude_deg: number;
  longitude_deg: number;
  camera: string;
}

export interface Capture {
  id: string;
  project_id: string;
  device_id: string;
  kind: string;
  title: string;
  area: string;
  captured_at_us: number;
  received_at_us: number;
  duration_ms: number;
  state: CaptureState;
  demonstration: boolean;
  continues: string | null;
  tracks: string[];
  stage: string;
  percentage: number | null;
  note_count: number;
  warnings: string[];
  photo: Photo | null;
}

export interface Track {
  name: string;
  timescale: number;
  codec: string;
  part_count: number;
  part_count_total: number | null;
  size_bytes: number;
  first_media_time: number;
  end_media_time: number;
  file_name: string;
  media_type: string;
  file_size_bytes: number;
}

export interface ProjectEvent {
  id: string;
  kind: string;
  device_id: string;
  stated_at_us: number;
  received_at_us: number;
  capture_id: string | null;
  media_time_us: number | null;
  area: string;
  actor: { user: string; display_name: string } | null;
  text: string;
  stage: string;
  percentage: number | null;
  warning: string;
  active: boolean;
  body: Record<string, unknown>;
}

// A step of a request: request.accepted, request.answered, request.closed.
export interface RequestStep {
  event_id: string;
  kind: string;
  stated_at_us: number;
  by: string | null; // null: the device
  device_id: string;
  capture_id: string | null;
  media_time_us: number | null;
  shot: number; // from 1; 0: all of it
  text: string;
}

export interface FootageRequest {
  id: string;
  state: 'open' | 'accepted' | 'answered' | 'closed';
  text: string;
  area: string;
  due: string | null; // a day
  asked_device_id: string | null; // null: anybody of the project
  stated_at_us: number;
  by: string | null;
  device_id: string;
  shots: { text: string; answered: boolean }[];
  steps: RequestStep[];
}

// What the gateway takes at /directions.
export interface Direction {
  id: string;
  kind: 'pin' | 'message' | 'request' | 'request.accepted' | 'request.answered' | 'request.closed';
  media_time_us?: number;
  x?: number;
  y?: number;
  text?: string;
  area?: string;
  due?: string;
  device_id?: string;
  shots?: string[];
  request_id?: string;
}

export interface CaptureDetail extends Capture {
  track_infos: Track[];
  events: ProjectEvent[];
}

export interface TimelinePage {
  items: Capture[];
  remarks: ProjectEvent[]; // notes and progress that name no capture
  next: string | null;
}

export interface SearchResult {
  project_id: string;
  what: string; // state/search.ts: searchKinds
  snippet: { text: string; found: boolean }[];
  event: ProjectEvent;
  capture: Capture | null;
}

export interface SearchPage {
  results: SearchResult[];
  next: string | null; // a page may be short and still go on
}

export type Presence = 'online' | 'gone' | 'lost' | 'unknown';

// A capture of which a device has what the centre has not.
export interface HeldItem {
  capture_id: string;
  kind: string;
  area: string;
  captured_at_us: number;
  state: string; // state/devices.ts: heldStates
  cause: string;
  waiting_ms: number;
  waiting_bytes: number;
  size_bytes: number;
}

export interface Device {
  device_id: string;
  name: string;
  presence: Presence;
  filming: boolean;
  seen_at_us: number | null;
  as_of_us: number;
  cause: string; // state/devices.ts: causes; '': nothing waits
  since_us: number | null;
  waiting_ms: number;
  waiting_bytes: number;
  waiting_captures: number;
  waiting_events: number;
  delivered_kbps: number;
  remaining_ms: number | null;
  trouble: string;
  stored_bytes: number;
  quota_bytes: number;
  sent_today_bytes: number;
  daily_budget_bytes: number; // 0: none
  items: HeldItem[];
}

export interface Devices {
  waiting: { duration_ms: number; captures: number; for_network: boolean };
  devices: Device[] | null; // null: not for this person to see
}

export interface SpriteSheet {
  interval_ms: number;
  columns: number;
  rows: number;
  tile_width: number;
  tile_height: number;
  count: number;
}

export interface PlanStatement {
  event_id: string;
  kind: string;
  capture_id: string | null;
  media_time_us: number | null;
  seen_at_us: number;
  stated_at_us: number;
  percentage: number | null;
  stage: string;
  text: string;
  by: string;
}

// Days are 2026-03-05, in the project's time zone.
export interface PlanItem {
  id: string;
  level: number;
  number: string;
  name: string;
  area: string;
  milestone: boolean;
  summary: boolean;
  start: string | null;
  finish: string | null;
  start_before: string | null; // in the plan before this one
  finish_before: string | null;
  counted: boolean;
  planned: number;
  actual: number;
  actual_start: string | null;
  actual_finish: string | null;
  variance_days: number | null; // late is positive
  milestone_state: string;
  statement_count: number;
  statements: PlanStatement[];
}

export interface PlanFigures {
  first_day: string | null;
  last_day: string | null;
  planned: number;
  actual: number;
  variance_days: number | null;
  forecast_day: string | null;
  forecast_basis: 'earned_schedule' | 'finished' | 'not_begun' | 'nothing_seen';
  curve: { day: string; planned: number; actual: number | null }[];
}

export interface PlanAttention {
  late: number; // lines
  review: number; // claimed milestones that wait for the centre
  next_milestone: { name: string; finish: string } | null;
}

// A plan without its lines.
export type PlanBrief = Omit<Plan, 'items'>;

export interface Plan {
  attention: PlanAttention;
  today: string;
  baseline: { number: number; file_name: string; line_count: number; ignored_count: number } | null;
  figures: PlanFigures;
  items: PlanItem[];
}

interface PlanNote {
  zh: string;
  en: string;
}

export interface PlanPreview {
  sha256: string;
  after: number;
  line_count: number;
  preview: {
    refused?: PlanNote;
    columns?: { place: string; header: string; field?: string | null; field_zh?: string; field_en?: string; notes?: PlanNote[] }[];
    skipped?: { row: number; text: string; reason: PlanNote }[];
  };
  changes: { count: number; unchanged: number } | null;
}

// Devices that may film in a project, and enrolments that nobody has used yet.
export interface Enrolments {
  tunnel: boolean; // browsers can reach the broker
  open: {
    enrolment_id: string;
    name: string;
    opened_by: string;
    opened_at_us: number;
    expires_at_us: number;
    projects: string[];
  }[];
  devices: {
    device_id: string;
    name: string;
    kind: 'browser' | 'native';
    enrolled_at_us: number;
    seen_at_us: number | null;
    online: boolean;
    projects: string[];
  }[];
}

export interface NewEnrolment {
  enrolment_id: string;
  token: string; // said once
  expires_at_us: number;
}
