// SPDX-License-Identifier: Apache-2.0
#include <openssl/crypto.h>

#include "hub/enrol/enrolment_db.h"
#include "proto/base/sha256.h"

namespace sitecast::hub {
namespace {

constexpr std::int64_t kKeptUs = 7LL * 24 * 3'600'000'000;

// Takes as long wherever they differ.
bool same_secret(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string_view name_of(EnrolmentState state) {
  switch (state) {
    case EnrolmentState::kUnknown: return "unknown";
    case EnrolmentState::kOpen: return "open";
    case EnrolmentState::kUsed: return "used";
    case EnrolmentState::kExpired: return "expired";
    case EnrolmentState::kCancelled: return "cancelled";
  }
  return "";
}

Status EnrolmentDb::open_enrolment(const Enrolment& enrolment, ByteView token_hash) {
  SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database_));
  const std::int64_t now_us = clock_->wall_us();
  // What was used stays: it says who let the device in.
  for (const char* sql : {"delete from enrolment_project where enrolment_id in (select enrolment_id"
                          " from enrolment where device_id is null and expires_at_us < ?)",
                          "delete from enrolment where device_id is null and expires_at_us < ?"}) {
    SC_TRY_ASSIGN(Statement * forget, database_.cached(sql));
    SC_TRY(forget->bind(now_us - kKeptUs).run());
  }
  SC_TRY_ASSIGN(Statement * count,
                database_.cached("select count(*) from enrolment where device_id is null and"
                                 " cancelled_at_us is null and expires_at_us > ?"));
  SC_TRY_ASSIGN(const bool counted, count->bind(now_us).step());
  const bool full = counted && count->integer(0) >= static_cast<std::int64_t>(kOpenEnrolments);
  count->reset();
  if (full) return resource_exhausted("too many enrolments are open");
  SC_TRY_ASSIGN(Statement * insert,
                database_.cached("insert into enrolment (enrolment_id, token_hash, name, opened_by,"
                                 " opened_at_us, expires_at_us) values (?, ?, ?, ?, ?, ?)"));
  SC_TRY(insert
             ->bind(enrolment.id, token_hash, enrolment.name, enrolment.opened_by,
                    enrolment.opened_at_us, enrolment.expires_at_us)
             .run());
  for (const ProjectId project : enrolment.projects) {
    SC_TRY_ASSIGN(const bool known, has_project(project));
    if (!known) return not_found("no such project: " + project.text());
    SC_TRY_ASSIGN(
        Statement * join,
        database_.cached("insert into enrolment_project (enrolment_id, project_id) values (?, ?)"));
    SC_TRY(join->bind(enrolment.id, project).run());
  }
  return transaction.commit();
}

Status EnrolmentDb::cancel_enrolment(EventId id) {
  SC_TRY_ASSIGN(Statement * update,
                database_.cached("update enrolment set cancelled_at_us = ?2 where enrolment_id = ?1"
                                 " and cancelled_at_us is null and device_id is null"));
  SC_TRY(update->bind(id, clock_->wall_us()).run());
  if (database_.changes() == 0) return not_found("no such enrolment is open");
  return Ok{};
}

Result<std::vector<Enrolment>> EnrolmentDb::open_enrolments() {
  SC_TRY_ASSIGN(
      Statement * select,
      database_.cached("select e.enrolment_id, name, opened_by, opened_at_us, expires_at_us,"
                       " project_id from enrolment e join enrolment_project using (enrolment_id)"
                       " where device_id is null and cancelled_at_us is null and expires_at_us > ?"
                       " order by opened_at_us, e.enrolment_id"));
  select->bind(clock_->wall_us());
  std::vector<Enrolment> open;
  for (;;) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) return open;
    const EventId id = *EventId::from_bytes(select->blob(0));
    if (open.empty() || open.back().id != id) {
      open.push_back(
          {id, select->text(1), select->text(2), select->integer(3), select->integer(4), {}});
    }
    open.back().projects.push_back(*ProjectId::from_bytes(select->blob(5)));
  }
}

Result<EnrolmentDb::FoundEnrolment> EnrolmentDb::find_enrolment(EventId id,
                                                                std::string_view token) {
  SC_TRY_ASSIGN(Statement * select,
                database_.cached("select token_hash, name, opened_by, opened_at_us, expires_at_us,"
                                 " cancelled_at_us, device_id from enrolment"
                                 " where enrolment_id = ?"));
  SC_TRY_ASSIGN(const bool there, select->bind(id).step());
  // Hashed and compared also for an id that is not there.
  const Hash hash = sha256(as_bytes(token));
  Hash expected{};
  if (there) std::copy_n(select->blob(0).begin(), expected.size(), expected.begin());
  FoundEnrolment found;
  if (!same_secret(hash, expected) || !there) {
    select->reset();
    return found;
  }
  found.enrolment = {id, select->text(1), select->text(2), select->integer(3), select->integer(4),
                     {}};
  found.state = EnrolmentState::kOpen;
  if (!select->is_null(6)) {
    found.state = EnrolmentState::kUsed;
    found.device = DeviceId::from_bytes(select->blob(6));
  } else if (!select->is_null(5)) {
    found.state = EnrolmentState::kCancelled;
  } else if (found.enrolment.expires_at_us <= clock_->wall_us()) {
    found.state = EnrolmentState::kExpired;
  }
  select->reset();
  SC_TRY_ASSIGN(Statement * projects, database_.cached("select project_id from enrolment_project"
                                                       " where enrolment_id = ?"));
  projects->bind(id);
  for (;;) {
    SC_TRY_ASSIGN(const bool more, projects->step());
    if (!more) return found;
    found.enrolment.projects.push_back(*ProjectId::from_bytes(projects->blob(0)));
  }
}

Result<bool> EnrolmentDb::are_keys_of(DeviceId device, const NewcomerKeys& keys) {
  SC_TRY_ASSIGN(
      Statement * select,
      database_.cached("select public_key, password_hash, password_salt, iterations from device"
                       " where device_id = ? and removed_at_us is null"));
  SC_TRY_ASSIGN(const bool there, select->bind(device).step());
  bool same = there && !select->is_null(0) && same_secret(select->blob(0), keys.key);
  if (same) {
    const ByteView salt = select->blob(2);
    const SecretHash hashed = hash_password(keys.password, {salt.begin(), salt.end()},
                                            static_cast<int>(select->integer(3)));
    same = same_secret(select->blob(1), hashed.hash);
  }
  select->reset();
  return same;
}

Result<EnrolmentDb::Claimed> EnrolmentDb::claim_enrolment(EventId id, std::string_view token,
                                                          const NewcomerKeys& keys) {
  SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database_));
  SC_TRY_ASSIGN(FoundEnrolment found, find_enrolment(id, token));
  Claimed claimed{found.state, std::nullopt, found.enrolment};
  if (found.state == EnrolmentState::kUsed) {
    SC_TRY_ASSIGN(const bool same, are_keys_of(*found.device, keys));
    if (same && found.enrolment.expires_at_us > clock_->wall_us()) claimed.device = found.device;
    return claimed;
  }
  if (found.state != EnrolmentState::kOpen) return claimed;
  const DeviceId device = DeviceId::make();
  SC_TRY(insert_device(device, device.text(), found.enrolment.name, false, keys.key,
                       hash_secret(keys.password)));
  for (const ProjectId project : found.enrolment.projects) SC_TRY(join(device, project));
  SC_TRY_ASSIGN(Statement * use,
                database_.cached("update enrolment set device_id = ?2, used_at_us = ?3"
                                 " where enrolment_id = ?1 and device_id is null"));
  SC_TRY(use->bind(id, device, clock_->wall_us()).run());
  if (database_.changes() != 1) return internal_error("an enrolment was used twice");
  SC_TRY(transaction.commit());
  claimed.device = device;
  return claimed;
}

Result<std::set<DeviceId>> EnrolmentDb::self_enrolled() {
  SC_TRY_ASSIGN(Statement * select,
                database_.cached("select device_id from enrolment where device_id is not null"));
  std::set<DeviceId> devices;
  for (;;) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) return devices;
    devices.insert(*DeviceId::from_bytes(select->blob(0)));
  }
}

}  // namespace sitecast::hub
