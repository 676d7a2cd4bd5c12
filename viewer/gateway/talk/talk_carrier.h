// SPDX-License-Identifier: Apache-2.0
// Keeps what was said until the hub has it on disk. Each part is handed to the network (live, QoS
// 0), appended to a file of its track and synced with the others of 100 ms; what has no receipt
// after a second goes out again (fill, QoS 1), as does everything after each new connection and
// after a start of the gateway. Freed is what lies before a receipt whose running hash is ours. One
// thread of its own does all of it; the methods may be called from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/base/id.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"
#include "viewer/gateway/talk/talk_track.h"

namespace sitecast::gateway {

class TalkCarrier {
 public:
  // More than a day of one voice. Then nobody is given the floor.
  static constexpr std::uint64_t kMostBytes = 512ULL * 1024 * 1024;

  // Publishes on the connection that stands; without one nothing happens.
  using Send =
      std::function<void(std::string topic, std::shared_ptr<const std::string> payload, int qos)>;

  // Reads what is left of earlier runs. `folder` is made if absent. Blocking.
  static Result<std::unique_ptr<TalkCarrier>> open(std::filesystem::path folder, Send send,
                                                   const Clock& clock);
  ~TalkCarrier();  // stops
  void start();
  void stop();  // what has no receipt stays in the files. Idempotent.

  void carry(ProjectId project, CaptureId capture, const std::string& track, TalkPart part);
  void connected(DeviceId gateway);
  void receipted(const v1::Receipt& receipt);

  // "talk.n" of this run of the gateway: no track is ever continued.
  [[nodiscard]] const std::string& track_name() const { return track_name_; }
  [[nodiscard]] bool is_full() const { return held_bytes_ > kMostBytes; }
  [[nodiscard]] std::uint64_t held_parts() const { return held_parts_; }

 private:
  struct Key {
    ProjectId project;
    CaptureId capture;
    std::string track;
    auto operator<=>(const Key&) const = default;
  };
  struct Held {
    TalkPart part;
    std::int64_t due_us = 0;  // to be sent (again)
    std::int64_t pause_us = 0;
  };
  struct Track {
    File file;
    std::deque<Held> held;
    bool unsynced = false;
    std::int64_t empty_since_us = 0;
  };
  struct Said {
    Key key;
    TalkPart part;
  };

  TalkCarrier(std::filesystem::path folder, Send send, const Clock& clock)
      : folder_(std::move(folder)), send_(std::move(send)), clock_(&clock) {}
  Status load();
  Status load_track(const std::filesystem::path& path);
  Status take_number();
  void run();
  void keep(Said said);
  void take(const v1::TrackReceipt& receipt);
  void take(const v1::Refusal& refusal);
  void free(Track& track, std::uint64_t below);
  void forget_idle();
  void send_due();
  void sync();
  [[nodiscard]] std::filesystem::path path_of(const Key& key) const;
  void publish(const Key& key, const TalkPart& part, bool live);

  const std::filesystem::path folder_;
  const Send send_;
  const Clock* clock_;
  const Log log_{"gateway/talk"};
  std::string track_name_;
  std::atomic<std::uint64_t> held_bytes_ = 0, held_parts_ = 0;

  // The thread's.
  std::map<Key, Track> tracks_;
  DeviceId gateway_;  // nil: not connected yet

  Mutex mutex_;
  CondVar changed_;
  std::vector<Said> said_ SC_GUARDED_BY(mutex_);
  std::vector<v1::Receipt> receipts_ SC_GUARDED_BY(mutex_);
  DeviceId connected_ SC_GUARDED_BY(mutex_);  // nil: no news
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::gateway
