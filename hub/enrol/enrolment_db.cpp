// SPDX-License-Identifier: Apache-2.0
#include "hub/enrol/enrolment_db.h"

#include <fmt/format.h>

#include <algorithm>

#include "hub/enrol/enrolment_2_sql.h"
#include "hub/enrol/enrolment_sql.h"
#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

constexpr std::int64_t kSchemaVersion = 2;

Bytes bytes_of(ByteView view) { return {view.begin(), view.end()}; }

SecretHash secret_from(const Statement& row, int column) {
  return {bytes_of(row.blob(column)), bytes_of(row.blob(column + 1)),
          static_cast<int>(row.integer(column + 2))};
}

std::optional<SigningPublicKey> key_from(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  SigningPublicKey key{};
  std::copy_n(row.blob(column).begin(), key.size(), key.begin());
  return key;
}

std::optional<ByteView> view_of(const std::optional<SigningPublicKey>& key) {
  return key ? std::optional<ByteView>(*key) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<EnrolmentDb>> EnrolmentDb::open(const Layout& layout, const Clock& clock) {
  SC_TRY(make_folders_durably(layout.state_dir()));
  SC_TRY_ASSIGN(auto database, Database::open_writer(layout.enrolment_db()));
  std::unique_ptr<EnrolmentDb> records(new EnrolmentDb(std::move(database), clock));
  SC_TRY_ASSIGN(const std::int64_t version, records->database_.user_version());
  if (version == 0) {
    SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(records->database_));
    SC_TRY(records->database_.execute(kEnrolmentSql));
    SC_TRY(records->database_.execute(kEnrolment2Sql));
    SC_TRY(records->make_gateway_device());
    SC_TRY(transaction.commit());
    SC_TRY(sync_folder(layout.state_dir()));
  } else if (version == 1) {
    SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(records->database_));
    SC_TRY(records->database_.execute(kEnrolment2Sql));
    SC_TRY(transaction.commit());
  } else if (version != kSchemaVersion) {
    return failed_precondition(fmt::format("{} has version {}, this program knows {}",
                                           layout.enrolment_db().string(), version,
                                           kSchemaVersion));
  }
  return records;
}

Result<std::unique_ptr<EnrolmentDb>> EnrolmentDb::open_to_read(const Layout& layout,
                                                               const Clock& clock) {
  SC_TRY_ASSIGN(auto database, Database::open_reader(layout.enrolment_db()));
  return std::unique_ptr<EnrolmentDb>(new EnrolmentDb(std::move(database), clock));
}

// Its password is made when the broker's files are first written.
Status EnrolmentDb::make_gateway_device() {
  return insert_device(DeviceId::make(), kPublisherUser, kPublisherUser, true, std::nullopt,
                       make_broker_secret().hash);
}

Status EnrolmentDb::insert_device(DeviceId id, std::string_view username, std::string_view name,
                                  bool gateway, const std::optional<SigningPublicKey>& key,
                                  const SecretHash& secret) {
  SC_TRY_ASSIGN(
      Statement * insert,
      database_.cached(
          "insert into device (device_id, username, name, gateway, public_key, password_hash,"
          " password_salt, iterations, enrolled_at_us) values (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  return insert
      ->bind(id, username, name, gateway, view_of(key), secret.hash, secret.salt, secret.iterations,
             clock_->wall_us())
      .run();
}

Status EnrolmentDb::add_project(ProjectId project) {
  SC_TRY_ASSIGN(
      Statement * insert,
      database_.cached("insert or ignore into project (project_id, added_at_us) values (?, ?)"));
  return insert->bind(project, clock_->wall_us()).run();
}

Result<bool> EnrolmentDb::has_project(ProjectId project) {
  SC_TRY_ASSIGN(Statement * exists, database_.cached("select 1 from project where project_id = ?"));
  SC_TRY_ASSIGN(const bool known, exists->bind(project).step());
  exists->reset();
  return known;
}

Status EnrolmentDb::join(DeviceId device, ProjectId project) {
  SC_TRY_ASSIGN(
      Statement * join,
      database_.cached("insert into device_project (device_id, project_id) values (?, ?)"));
  return join->bind(device, project).run();
}

Result<EnrolmentDb::NewDevice> EnrolmentDb::add_device(std::string_view name, ProjectId project,
                                                       const SigningPublicKey& key) {
  SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database_));
  SC_TRY_ASSIGN(const bool known, has_project(project));
  if (!known) return not_found("no such project: " + project.text());
  const NewDevice device{DeviceId::make(), ""};
  BrokerSecret secret = make_broker_secret();
  SC_TRY(insert_device(device.id, device.id.text(), name, false, key, secret.hash));
  SC_TRY(join(device.id, project));
  SC_TRY(transaction.commit());
  return NewDevice{device.id, std::move(secret.password)};
}

Status EnrolmentDb::remove_device(DeviceId device) {
  SC_TRY_ASSIGN(
      Statement * update,
      database_.cached("update device set removed_at_us = ?2"
                       " where device_id = ?1 and removed_at_us is null and gateway = 0"));
  SC_TRY(update->bind(device, clock_->wall_us()).run());
  if (database_.changes() == 0) return not_found("no such device is enrolled: " + device.text());
  return Ok{};
}

Result<bool> EnrolmentDb::was_removed(DeviceId device) {
  SC_TRY_ASSIGN(
      Statement * select,
      database_.cached("select 1 from device where device_id = ? and removed_at_us is not null"));
  SC_TRY_ASSIGN(const bool removed, select->bind(device).step());
  select->reset();
  return removed;
}

Result<std::vector<DeviceId>> EnrolmentDb::removed_devices() {
  SC_TRY_ASSIGN(Statement * select,
                database_.cached("select device_id from device where removed_at_us is not null"));
  std::vector<DeviceId> devices;
  for (;;) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) return devices;
    devices.push_back(*DeviceId::from_bytes(select->blob(0)));
  }
}

Status EnrolmentDb::set_service(std::string_view username, const SecretHash& secret) {
  SC_TRY_ASSIGN(
      Statement * save,
      database_.cached(
          "insert or replace into service (username, password_hash, password_salt, iterations)"
          " values (?, ?, ?, ?)"));
  return save->bind(username, secret.hash, secret.salt, secret.iterations).run();
}

Result<std::string> EnrolmentDb::renew_service_password(std::string_view username) {
  BrokerSecret secret = make_broker_secret();
  SC_TRY(set_service(username, secret.hash));
  return std::move(secret.password);
}

Result<bool> EnrolmentDb::has_service(std::string_view username) {
  SC_TRY_ASSIGN(Statement * select, database_.cached("select 1 from service where username = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(username).step());
  select->reset();
  return found;
}

Result<Enrolled> EnrolmentDb::enrolled() {
  Enrolled enrolled;
  SC_TRY_ASSIGN(Statement * projects, database_.cached("select project_id from project"));
  for (;;) {
    SC_TRY_ASSIGN(const bool more, projects->step());
    if (!more) break;
    enrolled.projects.insert(*ProjectId::from_bytes(projects->blob(0)));
  }
  SC_TRY_ASSIGN(
      Statement * devices,
      database_.cached(
          "select device_id, name, gateway, public_key from device where removed_at_us is null"));
  for (;;) {
    SC_TRY_ASSIGN(const bool more, devices->step());
    if (!more) break;
    Device device;
    device.id = *DeviceId::from_bytes(devices->blob(0));
    device.name = devices->text(1);
    device.gateway = devices->integer(2) != 0;
    device.key = key_from(*devices, 3);
    enrolled.devices.emplace(device.id, std::move(device));
  }
  SC_TRY_ASSIGN(Statement * joined,
                database_.cached("select device_id, project_id from device_project"));
  for (;;) {
    SC_TRY_ASSIGN(const bool more, joined->step());
    if (!more) break;
    const auto device = enrolled.devices.find(*DeviceId::from_bytes(joined->blob(0)));
    if (device == enrolled.devices.end()) continue;
    device->second.projects.insert(*ProjectId::from_bytes(joined->blob(1)));
  }
  return enrolled;
}

Result<std::vector<BrokerAccount>> EnrolmentDb::accounts() {
  SC_TRY_ASSIGN(const Enrolled known, enrolled());
  std::vector<BrokerAccount> accounts;
  std::optional<SecretHash> publisher;
  SC_TRY_ASSIGN(
      Statement * services,
      database_.cached(
          "select username, password_hash, password_salt, iterations from service order by 1"));
  for (;;) {
    SC_TRY_ASSIGN(const bool more, services->step());
    if (!more) break;
    BrokerAccount account;
    account.username = services->text(0);
    account.secret = secret_from(*services, 1);
    if (account.username == kPublisherUser) {
      publisher = account.secret;
      continue;
    }
    account.kind =
        account.username == kHubUser ? BrokerAccount::Kind::kHub : BrokerAccount::Kind::kReader;
    accounts.push_back(std::move(account));
  }
  SC_TRY_ASSIGN(Statement * devices,
                database_.cached("select device_id, username, gateway, password_hash, "
                                 "password_salt, iterations from device"
                                 " where removed_at_us is null order by 1"));
  for (;;) {
    SC_TRY_ASSIGN(const bool more, devices->step());
    if (!more) break;
    BrokerAccount account;
    account.device = *DeviceId::from_bytes(devices->blob(0));
    account.username = devices->text(1);
    const bool gateway = devices->integer(2) != 0;
    account.kind = gateway ? BrokerAccount::Kind::kGateway : BrokerAccount::Kind::kDevice;
    account.secret = gateway && publisher ? *publisher : secret_from(*devices, 3);
    const auto& projects = known.devices.at(account.device).projects;
    account.projects.assign(projects.begin(), projects.end());
    accounts.push_back(std::move(account));
  }
  return accounts;
}

Result<std::vector<EnrolmentDb::ListedDevice>> EnrolmentDb::devices() {
  SC_TRY_ASSIGN(const Enrolled known, enrolled());
  SC_TRY_ASSIGN(
      Statement * select,
      database_.cached("select device_id, name, gateway, enrolled_at_us from device"
                       " where removed_at_us is null order by enrolled_at_us, device_id"));
  std::vector<ListedDevice> listed;
  for (;;) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) return listed;
    ListedDevice device;
    device.id = *DeviceId::from_bytes(select->blob(0));
    device.name = select->text(1);
    device.gateway = select->integer(2) != 0;
    device.enrolled_at_us = select->integer(3);
    const auto& projects = known.devices.at(device.id).projects;
    device.projects.assign(projects.begin(), projects.end());
    listed.push_back(std::move(device));
  }
}

Result<DeviceId> EnrolmentDb::gateway_device() {
  SC_TRY_ASSIGN(Statement * select,
                database_.cached("select device_id from device where gateway = 1"));
  SC_TRY_ASSIGN(const bool found, select->step());
  if (!found) return not_found("the gateway has no device");
  const DeviceId device = *DeviceId::from_bytes(select->blob(0));
  select->reset();
  return device;
}

Result<std::optional<SigningPublicKey>> EnrolmentDb::public_key(DeviceId device) {
  SC_TRY_ASSIGN(Statement * select,
                database_.cached("select public_key from device where device_id = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(device).step());
  const auto key = found ? key_from(*select, 0) : std::nullopt;
  select->reset();
  return key;
}

}  // namespace sitecast::hub
