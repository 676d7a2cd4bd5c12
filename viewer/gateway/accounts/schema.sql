-- SPDX-License-Identifier: Apache-2.0
-- accounts.db, version 1: who may sign in, and who is signed in. Nothing else of the platform is here;
-- membership of projects is in the hub's event log.
--
-- Rollback journal, not WAL: two processes write here (the gateway and `sitecast-gateway account …`),
-- and Debian 12's SQLite 3.40 is in the range of the WAL-reset bug (sqlite.org/wal.html#walresetbug),
-- which needs exactly that.

create table account (
  user text primary key not null check (length(user) between 1 and 64),
  display_name text not null check (length(display_name) between 1 and 64),
  role text not null check (role in ('centre', 'agent', 'owner')),
  locale text not null check (locale in ('zh-CN', 'en')),
  -- argon2id in PHC form with its salt and costs (libsodium crypto_pwhash_str)
  password_hash text not null,
  created_at_us integer not null  -- unix time
) strict;

create table session (
  -- SHA-256 of the 256-bit random token; the token itself is only in the person's cookie
  token_hash blob primary key not null check (length(token_hash) = 32),
  user text not null references account (user) on delete cascade,
  -- both on the session clock (below), not unix time
  created_at_us integer not null,
  last_seen_at_us integer not null
) strict, without rowid;

create index session_of_user on session (user);

-- The session clock counts the time this installation has lived, as far as it can know: it follows the
-- monotonic clock while the gateway runs, and over a restart the wall clock, but never backwards and
-- never more than 30 days per restart. So a jump of the wall clock prolongs no session, and ends none
-- while the gateway runs.
create table session_clock (
  id integer primary key not null check (id = 1),
  elapsed_us integer not null,
  wall_us integer not null  -- unix time at which elapsed_us was true
) strict;
