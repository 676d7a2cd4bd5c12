-- SPDX-License-Identifier: Apache-2.0
-- enrolment.db: who may speak. Ids are 16 raw bytes; *_us unix microseconds.

pragma user_version = 1;

create table device (
  device_id      blob not null primary key check (length(device_id) = 16),
  name           text not null check (length(name) between 1 and 256),
  public_key     blob not null unique check (length(public_key) = 32),  -- Ed25519
  enrolled_at_us integer not null,
  secret_hash    blob not null check (length(secret_hash) = 64),        -- PBKDF2-HMAC-SHA512
  secret_salt    blob not null check (length(secret_salt) = 12),
  iterations     integer not null check (iterations > 0)
) strict, without rowid;

-- Which projects a device may publish into.
create table device_project (
  device_id      blob not null references device (device_id) on delete cascade,
  project_id     blob not null check (length(project_id) = 16),
  primary key (device_id, project_id)
) strict, without rowid;

-- hub, gateway-reader, gateway-publisher. Passwords are kept because the files that the services read
-- are written from here.
create table service (
  username       text not null primary key,
  password       text not null,
  secret_hash    blob not null check (length(secret_hash) = 64),
  secret_salt    blob not null check (length(secret_salt) = 12),
  iterations     integer not null check (iterations > 0)
) strict, without rowid;
