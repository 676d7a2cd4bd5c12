-- SPDX-License-Identifier: Apache-2.0
-- Version 2: devices that enrol themselves with a link made by the centre. Runs after schema.sql,
-- or alone over records of version 1.

pragma user_version = 2;

create table enrolment (
  enrolment_id    blob not null primary key check (length(enrolment_id) = 16),
  token_hash      blob not null check (length(token_hash) = 32),  -- SHA-256; the token is not kept
  name            text not null,     -- of the device that is to come
  opened_by       text not null,     -- user name
  opened_at_us    integer not null,
  expires_at_us   integer not null,
  cancelled_at_us integer,
  used_at_us      integer,
  device_id       blob references device (device_id)              -- who used it
) strict, without rowid;

create index enrolment_by_device on enrolment (device_id) where device_id is not null;

create table enrolment_project (
  enrolment_id    blob not null references enrolment (enrolment_id),
  project_id      blob not null references project (project_id),
  primary key (enrolment_id, project_id)
) strict, without rowid;
