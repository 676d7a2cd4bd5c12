// SPDX-License-Identifier: Apache-2.0
// Enrolment: which devices there are, what they may speak for, and the credentials of everybody at
// the broker. These records are the truth; the broker's own file is written anew from them before
// each start (hub/enrol/broker_files.h). A device's password is known to the device alone: here is
// only its PBKDF2 hash. The services' passwords (hub, gateway) are kept, because the files that
// they read are made from here too; the database is therefore readable by the hub's user only.
// Owner thread: one at a time. Blocking (SQLite, synchronous=FULL): a change is durable on return.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/codec/running_hash.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {

// Names of the services at the broker. No device can take them: a device's name there is its id.
inline constexpr std::string_view kHubUser = "hub";
inline constexpr std::string_view kGatewayReaderUser = "gateway-reader";
inline constexpr std::string_view kGatewayPublisherUser = "gateway-publisher";

// What the broker checks a password against: PBKDF2-HMAC-SHA512 (RFC 8018 section 5.2), 64 bytes.
// Passwords are 256 random bits, so few iterations are enough, and the broker's one thread is not
// held up when all devices come back at once.
struct BrokerSecret {
  Bytes hash;
  Bytes salt;
  std::uint32_t iterations = 0;
};

struct DeviceRecord {
  DeviceId id;
  std::string name;
  SigningPublicKey public_key{};
  std::vector<ProjectId> projects;
  BrokerSecret secret;
  std::int64_t enrolled_at_us = 0;
};

struct NewDevice {
  std::string name;
  SigningPublicKey public_key{};
  std::vector<ProjectId> projects;
};

struct EnrolledDevice {
  DeviceRecord record;
  std::string password;  // shown once; not kept
};

struct ServiceAccount {
  std::string username;
  std::string password;
  BrokerSecret secret;
};

class Enrolment {
 public:
  // Creates database and service accounts on first use.
  static Result<Enrolment> open(const std::filesystem::path& path);

  // kInvalidArgument for an empty or overlong name, no project, or a key that is enrolled already.
  Result<EnrolledDevice> enrol(const NewDevice& device, const Clock& clock);
  // kNotFound when there is no such device. The record goes; what the device sent stays.
  Status remove(DeviceId device);
  // Adds a project to a device. kNotFound; adding twice is no error.
  Status allow(DeviceId device, ProjectId project);

  Result<std::vector<DeviceRecord>> devices();
  Result<DeviceRecord> device(DeviceId id);
  Result<std::vector<ServiceAccount>> service_accounts();

 private:
  explicit Enrolment(Database database) : database_(std::move(database)) {}
  Status ensure_service_accounts();
  Database database_;
};

// For tests and for reading a client's answer: whether `password` is the one behind `secret`.
bool matches(const BrokerSecret& secret, std::string_view password);

}  // namespace sitecast::hub
