-- SPDX-License-Identifier: Apache-2.0
-- The index of the archive. Everything in it is derived: from the sidecars (tracks, rows, init
-- segments) and from the event logs (all the rest), so it can be thrown away and built again
-- (`sitecast-hub rebuild-index`). Only the hub's index thread writes it.
--
-- Ids are 16 raw bytes. *_us: microseconds, unix time unless it says media time. A "statement" of
-- something is decided by the greatest (stated_at_us, event_id): the last writer wins, in whatever
-- order and how often events are applied. Membership alone is decided by the order of the log: who may
-- look must not depend on a clock.

pragma user_version = 8;

-- One row per project that was stated or has captures.
create table project (
  project_id         blob not null primary key check (length(project_id) = 16),
  capture_count      integer not null default 0 check (capture_count >= 0),  -- rows in capture
  -- Latest project.stated: null until one arrives (the project is not listed until then).
  stated_at_us       integer,
  stated_event       blob check (length(stated_event) = 16),
  statement          blob,   -- v1::ProjectStated; read whole, never searched
  check ((stated_event is null) = (statement is null))
) strict, without rowid;

-- Who takes part in which project: the last member.added or member.removed in the project's log.
create table member (
  user               text not null,
  project_id         blob not null check (length(project_id) = 16),
  role               text not null,   -- '' when removed
  stated_at_us       integer not null,
  stated_event       blob not null check (length(stated_event) = 16),
  primary key (user, project_id)
) strict, without rowid;

-- One row per capture that was opened or has a track. Numbered so that neighbours on a timeline are
-- neighbours in the file: a page of a timeline is a few leaves of the tree (README, "Places").
create table capture (
  place              integer primary key,   -- local to this file; never leaves it
  project_id         blob not null check (length(project_id) = 16),
  captured_at_us     integer not null,  -- device's clock at media time 0; until it is stated, the
                                        -- time in the capture's id (UUIDv7)
  capture_id         blob not null check (length(capture_id) = 16),
  device_id          blob check (length(device_id) = 16),  -- who opened it, else whose first track
  received_at_us     integer not null,  -- hub's clock, of the first thing that arrived
  -- Latest capture.opened.
  opened_stated_at_us integer,
  opened_event       blob check (length(opened_event) = 16),
  kind               text not null default 'unknown',
  title              text not null default '',
  area               text not null default '',
  continues          blob check (length(continues) = 16),
  demonstration      integer not null default 0 check (demonstration in (0, 1)),
  photo              blob,              -- v1::PhotoMetadata of a photo
  -- Latest capture.closed.
  closed_stated_at_us integer,
  closed_event       blob check (length(closed_event) = 16),
  closing            blob,              -- v1::CaptureClosed of names and part counts alone
  complete           integer not null default 0 check (complete in (0, 1)),  -- closed, all stated parts are here
  duration_ms        integer not null default 0 check (duration_ms >= 0),    -- of what is archived
  tracks             text not null default '',   -- names in order, separated by commas
  -- Latest progress.
  progress_stated_at_us integer,
  progress_event     blob check (length(progress_event) = 16),
  stage              text not null default '',
  percentage         real,
  note_count         integer not null default 0 check (note_count >= 0),
  warnings           text not null default ''    -- quality warnings ever active, as `tracks`
) strict;

create unique index capture_by_id on capture (capture_id);
-- One per combination of filters, so that a page with a filter reads only rows that it returns.
create index capture_by_time on capture (project_id, captured_at_us, capture_id);
create index capture_by_area on capture (project_id, area, captured_at_us, capture_id);
create index capture_by_kind on capture (project_id, kind, captured_at_us, capture_id);
create index capture_by_area_kind on capture (project_id, area, kind, captured_at_us, capture_id);

-- Every event of every log, once.
create table event (
  event_row          integer primary key,   -- local to this file; never leaves it
  event_id           blob not null unique check (length(event_id) = 16),
  project_id         blob not null check (length(project_id) = 16),
  device_id          blob not null check (length(device_id) = 16),  -- from the topic; nil: the hub
  kind               text not null,
  stated_at_us       integer not null,  -- clock of who states it
  received_at_us     integer not null,  -- hub's clock
  capture_id         blob check (length(capture_id) = 16),
  media_time_us      integer,           -- moment on the capture's own clock
  area               text not null default '',
  event              blob not null      -- v1::Event as sent
) strict;

create index event_by_capture on event (capture_id, stated_at_us, event_id)
  where capture_id is not null;
-- What was said of the project and of no capture, for its timeline: without and with a filter by area.
-- They hold all that is read, because their events lie far from each other in the table.
create index remark_by_time on event (project_id, stated_at_us, event_id, kind, capture_id, device_id,
                                      received_at_us, media_time_us, event)
  where capture_id is null and kind in ('note', 'progress', 'message');
create index remark_by_area on event (project_id, area, stated_at_us, event_id, kind, capture_id,
                                      device_id, received_at_us, media_time_us, event)
  where capture_id is null and kind in ('note', 'progress', 'message');

-- What may have to go down to a device that was away.
create index direction_by_time on event (project_id, received_at_us) where kind in ('pin', 'message');

-- Footage that is asked for. What became of it is in request_step; what was said, in `event`.
create table request (
  project_id         blob not null check (length(project_id) = 16),
  closed             integer not null check (closed in (0, 1)),
  stated_at_us       integer not null,
  request_id         blob not null check (length(request_id) = 16),   -- its event's id
  device_id          blob check (length(device_id) = 16),             -- who is asked; null: anybody
  primary key (project_id, closed, stated_at_us, request_id)
) strict, without rowid;

create unique index request_by_id on request (request_id);

-- Also of requests that have not arrived yet.
create table request_step (
  project_id         blob not null check (length(project_id) = 16),
  request_id         blob not null check (length(request_id) = 16),
  stated_at_us       integer not null,
  event_id           blob not null check (length(event_id) = 16),
  kind               text not null,
  primary key (project_id, request_id, stated_at_us, event_id)
) strict, without rowid;

-- What can be found (README, "Search"): the tokens of each event that says something. Documents lie by time, so
-- that the newest are found first and a stretch of time is a range of places.
create virtual table search using fts5(tokens, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
create virtual table search_term using fts5vocab(search, instance);  -- for comparing two indexes

create table search_doc (
  place              integer primary key,   -- rowid of its document; local to this file
  event_row          integer not null unique references event (event_row)
) strict;

-- Frozen plans. A number belongs to who stated it first; what else claims it stays in the log alone. The
-- lines are in the plan.part events that the statement names, and are read from there.
create table plan_baseline (
  project_id         blob not null check (length(project_id) = 16),
  number             integer not null check (number > 0),
  stated_at_us       integer not null,
  stated_event       blob not null check (length(stated_event) = 16),
  statement          blob not null,   -- v1::PlanBaselined
  primary key (project_id, number)
) strict, without rowid;

-- Everything that was said of a plan item: progress that names it, and the steps of its milestone. What
-- figures need is here, so that a plan is one walk along this table; the words are in `event`.
create table plan_statement (
  project_id         blob not null check (length(project_id) = 16),
  item_id            blob not null check (length(item_id) = 16),
  stated_at_us       integer not null,
  event_id           blob not null check (length(event_id) = 16),
  event_row          integer not null references event (event_row),
  kind               text not null,
  percentage         real,
  capture_id         blob check (length(capture_id) = 16),
  filmed             integer not null check (filmed in (0, 1)),  -- that capture is one of the project
  seen_at_us         integer not null,                           -- its time, else stated_at_us
  primary key (project_id, item_id, stated_at_us, event_id)
) strict, without rowid;

-- A capture's time may be stated after what it is the evidence of.
create index plan_statement_by_capture on plan_statement (capture_id) where capture_id is not null;

-- One row per track; counts are of the rows in track_row, which end at indexed_bytes. What playing
-- it asks of its capture is here too, so that nothing else has to be looked for.
create table track (
  track_id           integer not null unique,     -- local to this file; never leaves it
  capture_id         blob not null check (length(capture_id) = 16),
  name               text not null,
  project_id         blob not null check (length(project_id) = 16),
  capture_complete   integer not null default 0 check (capture_complete in (0, 1)),
  part_count_stated  integer,                     -- from capture.closed
  timescale          integer not null default 0,  -- Hz; 0 until an init segment came, and for files
  codec              text not null default '',    -- RFC 6381, of the init segment of lowest sequence
  codec_sequence     integer,                     -- that sequence
  part_count         integer not null default 0,
  part_count_total   integer,                     -- from the part marked last
  size_bytes         integer not null default 0,  -- media
  first_media_time   integer not null default 0,
  end_media_time     integer not null default 0,
  end_sequence       integer not null default 0,  -- one past the greatest sequence here
  file_name          text not null default '',    -- file tracks, from block 0
  media_type         text not null default '',
  file_size_bytes    integer not null default 0,
  indexed_bytes      integer not null default 0,  -- of the sidecar; readers complete from there on
  primary key (capture_id, name)
) strict, without rowid;

-- Packed rows (format: hub/index/README.md). About a minute of a track each. One integer is their key,
-- because a tree of integers is flat: a tree of (track_id, row_number) repeats whole rows on its way.
create table track_row (
  row_key            integer primary key,   -- track_id * 2^32 + row_number
  track_id           integer generated always as (row_key >> 32) virtual,
  row_number         integer generated always as (row_key & 4294967295) virtual,  -- media time / span
  first_sequence     integer not null,      -- of its first cell: finds a segment by its name
  cells              blob not null
) strict;

create index track_row_by_sequence on track_row (track_id, first_sequence);

-- Init segments by the hash that parts name them with. Nearly all tracks share a few, so each is kept
-- once; eight bytes of a hash are enough within a track and not among strangers.
create table init_segment (
  track_id           integer not null references track (track_id),
  init_hash8         blob not null check (length(init_hash8) = 8),
  content_id         integer not null references init_content (content_id),
  primary key (track_id, init_hash8)
) strict, without rowid;

create table init_content (
  content_id         integer primary key,   -- local to this file; never leaves it
  sha256             blob not null unique check (length(sha256) = 32),  -- of init_segment
  codec              text not null,
  init_segment       blob not null
) strict;

-- How far each project's event log has been applied.
create table log_position (
  project_id         blob not null primary key check (length(project_id) = 16),
  indexed_bytes      integer not null
) strict, without rowid;
