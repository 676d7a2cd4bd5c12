// SPDX-License-Identifier: Apache-2.0
#include "hub/enrol/enrolment.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "hub/enrol/schema_sql.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kSaltBytes = 12;  // mosquitto 2.0 takes no other size
constexpr std::size_t kSecretBytes = 64;
constexpr std::uint32_t kIterations = 101;  // mosquitto_ctrl's own default
constexpr std::int64_t kSchemaVersion = 1;

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

std::string make_password() { return base64url_encode(random_bytes(32)); }

Bytes stretch(std::string_view password, ByteView salt, std::uint32_t iterations) {
  Bytes hash(kSecretBytes);
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(),
                        static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha512(),
                        static_cast<int>(hash.size()), hash.data()) != 1) {
    std::abort();
  }
  return hash;
}

BrokerSecret make_secret(std::string_view password) {
  BrokerSecret secret;
  secret.salt = random_bytes(kSaltBytes);
  secret.iterations = kIterations;
  secret.hash = stretch(password, secret.salt, secret.iterations);
  return secret;
}

// Columns first .. first + 2.
BrokerSecret read_secret(const Statement& row, int first) {
  const ByteView hash = row.blob(first);
  const ByteView salt = row.blob(first + 1);
  return {{hash.begin(), hash.end()},
          {salt.begin(), salt.end()},
          static_cast<std::uint32_t>(row.integer(first + 2))};
}

}  // namespace

bool matches(const BrokerSecret& secret, std::string_view password) {
  const Bytes hash = stretch(password, secret.salt, secret.iterations);
  return hash.size() == secret.hash.size() &&
         CRYPTO_memcmp(hash.data(), secret.hash.data(), hash.size()) == 0;
}

Result<Enrolment> Enrolment::open(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(auto database, Database::open_writer(path));
  if (::chmod(path.c_str(), 0600) != 0) return errno_error(errno, "chmod " + path.string());
  SC_TRY_ASSIGN(const auto version, database.user_version());
  if (version == 0) {
    SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database));
    SC_TRY(database.execute(kEnrolmentSchemaSql));
    SC_TRY(transaction.commit());
  } else if (version != kSchemaVersion) {
    return failed_precondition(path.string() + " is of another version of Sitecast");
  }
  SC_TRY(database.execute("pragma foreign_keys = on"));
  Enrolment enrolment(std::move(database));
  SC_TRY(enrolment.ensure_service_accounts());
  return enrolment;
}

Status Enrolment::ensure_service_accounts() {
  SC_TRY_ASSIGN(auto insert,
                database_.prepare("insert into service (username, password, secret_hash, "
                                  "secret_salt, iterations) values (?, ?, ?, ?, ?) "
                                  "on conflict do nothing"));
  for (const auto user : {kHubUser, kGatewayReaderUser, kGatewayPublisherUser}) {
    const std::string password = make_password();
    const BrokerSecret secret = make_secret(password);
    SC_TRY(insert.bind(user, password, secret.hash, secret.salt, secret.iterations).run());
  }
  return Ok{};
}

Result<EnrolledDevice> Enrolment::enrol(const NewDevice& device, const Clock& clock) {
  if (device.name.empty() || device.name.size() > limits::kNameBytes) {
    return invalid_argument("a device needs a name of 1 to 256 bytes");
  }
  if (device.projects.empty()) return invalid_argument("a device needs a project");
  EnrolledDevice made;
  made.password = make_password();
  made.record.id = DeviceId::make();
  made.record.name = device.name;
  made.record.public_key = device.public_key;
  made.record.projects = device.projects;
  made.record.secret = make_secret(made.password);
  made.record.enrolled_at_us = clock.wall_us();

  SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database_));
  SC_TRY_ASSIGN(auto known, database_.prepare("select 1 from device where public_key = ?"));
  SC_TRY_ASSIGN(const bool taken, known.bind(ByteView(device.public_key)).step());
  if (taken) return invalid_argument("this public key is enrolled already; make a new key");
  SC_TRY_ASSIGN(auto insert,
                database_.prepare("insert into device (device_id, name, public_key, "
                                  "enrolled_at_us, secret_hash, secret_salt, iterations) "
                                  "values (?, ?, ?, ?, ?, ?, ?)"));
  const BrokerSecret& secret = made.record.secret;
  SC_TRY(insert
             .bind(made.record.id.bytes(), device.name, ByteView(device.public_key),
                   made.record.enrolled_at_us, secret.hash, secret.salt, secret.iterations)
             .run());
  for (const ProjectId project : device.projects) SC_TRY(allow(made.record.id, project));
  SC_TRY(transaction.commit());
  return made;
}

Status Enrolment::remove(DeviceId device) {
  SC_TRY_ASSIGN(auto statement, database_.prepare("delete from device where device_id = ?"));
  SC_TRY(statement.bind(device.bytes()).run());
  if (database_.changes() == 0) return not_found("no device " + device.text());
  return Ok{};
}

Status Enrolment::allow(DeviceId device, ProjectId project) {
  SC_TRY_ASSIGN(auto known, database_.prepare("select 1 from device where device_id = ?"));
  SC_TRY_ASSIGN(const bool exists, known.bind(device.bytes()).step());
  if (!exists) return not_found("no device " + device.text());
  SC_TRY_ASSIGN(auto insert, database_.prepare("insert into device_project (device_id, project_id) "
                                               "values (?, ?) on conflict do nothing"));
  return insert.bind(device.bytes(), project.bytes()).run();
}

Result<std::vector<DeviceRecord>> Enrolment::devices() {
  SC_TRY_ASSIGN(auto select,
                database_.prepare("select device_id, name, public_key, enrolled_at_us, "
                                  "secret_hash, secret_salt, iterations from device "
                                  "order by device_id"));
  SC_TRY_ASSIGN(auto projects,
                database_.prepare("select project_id from device_project where device_id = ? "
                                  "order by project_id"));
  std::vector<DeviceRecord> devices;
  while (true) {
    SC_TRY_ASSIGN(const bool row, select.step());
    if (!row) return devices;
    DeviceRecord device;
    device.id = DeviceId::from_bytes(select.blob(0)).value_or(DeviceId());
    device.name = select.text(1);
    const ByteView key = select.blob(2);
    std::copy_n(key.begin(), device.public_key.size(), device.public_key.begin());
    device.enrolled_at_us = select.integer(3);
    device.secret = read_secret(select, 4);
    projects.bind(device.id.bytes());
    while (true) {
      SC_TRY_ASSIGN(const bool more, projects.step());
      if (!more) break;
      device.projects.push_back(ProjectId::from_bytes(projects.blob(0)).value_or(ProjectId()));
    }
    devices.push_back(std::move(device));
  }
}

Result<DeviceRecord> Enrolment::device(DeviceId id) {
  SC_TRY_ASSIGN(auto all, devices());
  for (auto& device : all) {
    if (device.id == id) return std::move(device);
  }
  return not_found("no device " + id.text());
}

Result<std::vector<ServiceAccount>> Enrolment::service_accounts() {
  SC_TRY_ASSIGN(auto select,
                database_.prepare("select username, password, secret_hash, secret_salt, "
                                  "iterations from service order by username"));
  std::vector<ServiceAccount> accounts;
  while (true) {
    SC_TRY_ASSIGN(const bool row, select.step());
    if (!row) return accounts;
    accounts.push_back({select.text(0), select.text(1), read_secret(select, 2)});
  }
}

}  // namespace sitecast::hub
