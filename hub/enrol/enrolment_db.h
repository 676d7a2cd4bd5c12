// SPDX-License-Identifier: Apache-2.0
// The enrolment records (schema.sql). The one process that holds the state's lock writes them: the
// running hub, or a command while none runs. Owner thread: one at a time. Blocking; what a method
// has done is durable when it returns. Errors: kNotFound, kInvalidArgument, the database's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/archive/layout.h"
#include "hub/enrol/broker_secret.h"
#include "hub/enrol/devices.h"
#include "proto/base/clock.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/codec/running_hash.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {

// One account at the broker, with what it may do there (hub/broker/rights.h).
struct BrokerAccount {
  enum class Kind { kHub, kReader, kGateway, kDevice };
  std::string username;
  Kind kind = Kind::kDevice;
  SecretHash secret;
  DeviceId device;                  // kGateway, kDevice
  std::vector<ProjectId> projects;  // kDevice
};

// A device that is to come: made by the centre, used once by whoever holds its token.
struct Enrolment {
  EventId id;
  std::string name;
  std::string opened_by;  // user name
  std::int64_t opened_at_us = 0;
  std::int64_t expires_at_us = 0;
  std::vector<ProjectId> projects;
};

enum class EnrolmentState { kUnknown, kOpen, kUsed, kExpired, kCancelled };
std::string_view name_of(EnrolmentState state);

// What a device brings that enrols itself. Its password is its own: random, made on it.
struct NewcomerKeys {
  SigningPublicKey key{};
  std::string password;
};

inline constexpr std::string_view kHubUser = "hub";
inline constexpr std::string_view kReaderUser = "gateway-reader";
inline constexpr std::string_view kPublisherUser = "gateway-publisher";

class EnrolmentDb {
 public:
  // Makes the records, with the gateway's own device, if there are none.
  static Result<std::unique_ptr<EnrolmentDb>> open(const Layout& layout, const Clock& clock);

  // Beside a running hub, for reading only.
  static Result<std::unique_ptr<EnrolmentDb>> open_to_read(const Layout& layout,
                                                           const Clock& clock);

  Status add_project(ProjectId project);
  // Returns the new device and its password. kNotFound: no such project.
  struct NewDevice {
    DeviceId id;
    std::string password;
  };
  Result<NewDevice> add_device(std::string_view name, ProjectId project,
                               const SigningPublicKey& key);
  // kNotFound: none that is still enrolled.
  Status remove_device(DeviceId device);
  struct ListedDevice {
    DeviceId id;
    std::string name;  // as people call it
    bool gateway = false;
    std::int64_t enrolled_at_us = 0;
    std::vector<ProjectId> projects;
  };
  // Those that are enrolled now, in the order of their enrolment.
  Result<std::vector<ListedDevice>> devices();
  Result<bool> was_removed(DeviceId device);
  Result<std::vector<DeviceId>> removed_devices();
  // Devices that came with an enrolment's token: browsers.
  Result<std::set<DeviceId>> self_enrolled();

  // `token_hash`: SHA-256. Those that nobody used go after a week. kNotFound: no such project.
  // kResourceExhausted: kOpenEnrolments are open already.
  static constexpr std::size_t kOpenEnrolments = 200;
  Status open_enrolment(const Enrolment& enrolment, ByteView token_hash);
  // kNotFound: none that is open.
  Status cancel_enrolment(EventId id);
  // That can still be used, oldest first.
  Result<std::vector<Enrolment>> open_enrolments();
  struct FoundEnrolment {
    EnrolmentState state = EnrolmentState::kUnknown;
    Enrolment enrolment;             // unless kUnknown
    std::optional<DeviceId> device;  // of kUsed
  };
  // kUnknown for an id that is not there and for a token that is not its own.
  Result<FoundEnrolment> find_enrolment(EventId id, std::string_view token);
  // Enrols who comes with an open enrolment. One that was used by these very keys, while its time
  // runs and its device was not removed, gives the same device again: the answer may have been
  // lost. Otherwise nothing is done, and `state` says why.
  struct Claimed {
    EnrolmentState state = EnrolmentState::kUnknown;
    std::optional<DeviceId> device;  // enrolled, now or before
    Enrolment enrolment;
  };
  Result<Claimed> claim_enrolment(EventId id, std::string_view token, const NewcomerKeys& keys);
  // A new password for one of the services; replaces the old one.
  Result<std::string> renew_service_password(std::string_view username);
  Result<bool> has_service(std::string_view username);

  Result<Enrolled> enrolled();
  // Of all that may connect now.
  Result<std::vector<BrokerAccount>> accounts();
  Result<DeviceId> gateway_device();
  // Also of a device that was removed; nullopt: unknown, or it signs nothing.
  Result<std::optional<SigningPublicKey>> public_key(DeviceId device);

 private:
  EnrolmentDb(Database database, const Clock& clock)
      : database_(std::move(database)), clock_(&clock) {}
  Status make_gateway_device();
  Result<bool> has_project(ProjectId project);
  Status join(DeviceId device, ProjectId project);
  Result<bool> are_keys_of(DeviceId device, const NewcomerKeys& keys);
  Status insert_device(DeviceId id, std::string_view username, std::string_view name, bool gateway,
                       const std::optional<SigningPublicKey>& key, const SecretHash& secret);
  Status set_service(std::string_view username, const SecretHash& secret);

  Database database_;
  const Clock* clock_;
};

}  // namespace sitecast::hub
