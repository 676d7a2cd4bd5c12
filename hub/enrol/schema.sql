-- SPDX-License-Identifier: Apache-2.0
-- Enrolment records: who may connect to the broker and under which topics. These records are the
-- truth; the broker's own rights file is written anew from them before each start. Passwords are
-- random and kept only as hashes in the broker's form (PBKDF2-HMAC-SHA512).

pragma user_version = 1;

create table project (
  project_id      blob not null primary key check (length(project_id) = 16),
  added_at_us     integer not null   -- hub's clock, unix microseconds, as all *_us here
) strict, without rowid;

create table device (
  device_id       blob not null primary key check (length(device_id) = 16),
  username        text not null unique,   -- at the broker, also its client id
  name            text not null,          -- as people call it
  gateway         integer not null check (gateway in (0, 1)),  -- people speak through it
  public_key      blob check (length(public_key) = 32),        -- Ed25519; null: it signs nothing
  password_hash   blob not null check (length(password_hash) = 64),
  password_salt   blob not null,
  iterations      integer not null,
  enrolled_at_us  integer not null,
  removed_at_us   integer            -- kept after removal: its key still proves what it filmed
) strict, without rowid;

create table device_project (
  device_id       blob not null references device (device_id),
  project_id      blob not null references project (project_id),
  primary key (device_id, project_id)
) strict, without rowid;

-- Connections of ours that are no devices.
create table service (
  username        text not null primary key,
  password_hash   blob not null check (length(password_hash) = 64),
  password_salt   blob not null,
  iterations      integer not null
) strict, without rowid;
