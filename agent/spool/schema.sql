-- SPDX-License-Identifier: Apache-2.0
-- The spool's index. What parts there are is told by the files alone; this holds what files cannot:
-- which captures there are, how far the hub has confirmed them, and the events that wait.
-- One connection writes, reads and checkpoints (journal_mode=WAL, synchronous=FULL).
-- pragma user_version is the version of this schema.

create table meta (
  key text primary key,   -- boot_id: the boot that wrote last; boot_count: boots seen, from 1
  value text not null
) strict, without rowid;

create table capture (
  position integer primary key autoincrement,  -- order of opening
  capture_id blob not null unique check (length(capture_id) = 16),
  project_id blob not null check (length(project_id) = 16),
  kind text not null,           -- walkthrough, photo, … (schema/sitecast.proto)
  title text not null,
  area text not null,
  source text not null,
  captured_at_us integer not null,  -- wall clock at media time 0, for display
  -- open: being recorded, or its process died; closed: complete here; delivered: complete at the hub
  -- and freed here (kept as history for `status`)
  state text not null check (state in ('open', 'closed', 'delivered')),
  reason text not null default '',  -- why it was closed; damaged: see README.md, "What a start does"
  -- wall clock when a restart closed it; 0 when it was not, or when another capture continues it
  interrupted_at_us integer not null default 0,
  -- 1: an event on it states progress or speaks of a milestone; it is never thinned
  claimed integer not null default 0
) strict;

create table track (
  capture_position integer not null references capture (position) on delete cascade,
  name text not null,
  part_count integer not null default 0,      -- of a closed capture; parts [0, part_count) are whole
  delivered integer not null default 0,       -- parts [0, delivered) may be missing in the files
  made_bytes integer not null default 0,      -- of a closed capture
  duration_us integer not null default 0,     -- of a closed capture
  running_hash blob not null default x'',     -- R(part_count) of a closed capture, else R(delivered)
  -- parts behind part_count that were given up because the device was full; 0: none
  thinned integer not null default 0,
  primary key (capture_position, name),
  check (part_count >= 0 and delivered >= 0)
) strict, without rowid;

-- Events that the hub has not confirmed, in the order they are sent.
create table event (
  position integer primary key autoincrement,
  event_id blob not null unique check (length(event_id) = 16),
  project_id blob not null check (length(project_id) = 16),
  capture_id blob not null,      -- empty when it speaks of no capture
  bytes blob not null,           -- as sent; never serialised again
  refused text not null default ''  -- why the hub will never take it; kept for people to see
) strict;
create index event_capture on event (capture_id);
