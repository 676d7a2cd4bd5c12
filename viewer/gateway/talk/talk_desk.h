// SPDX-License-Identifier: Apache-2.0
// Talk at the captures that are watched: who may be heard, and where it goes. A viewer's socket
// says {"type":"talk"} to be given the floor, then one Opus packet of 20 ms (one channel) as each
// binary message, then {"type":"hush"}. Each viewer is told {"type":"floor","speaker":NAME or
// null,"yours":BOOL} whenever it changes, and who asks in vain {"type":"floor_refused","reason":…}:
// `busy`, `away` (nothing of the capture comes), `full` (too much waits for the hub), `unavailable`
// (nothing can be published). Each packet goes to the device at once and into the capture's track.
// Owner thread: the io thread. No I/O.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/id.h"
#include "proto/base/log.h"
#include "viewer/gateway/live/live_hub.h"
#include "viewer/gateway/talk/floor.h"
#include "viewer/gateway/talk/talk_track.h"

namespace sitecast::gateway {

class TalkDesk {
 public:
  // Where it goes; filled in by the app, imitated by tests.
  struct Ways {
    std::function<void(ProjectId, DeviceId, const v1::Talk&)> to_device;
    std::function<void(ProjectId, CaptureId, const std::string& track, TalkPart)> to_archive;
    std::function<bool()> is_full;
  };
  struct Person {
    std::string name;  // as people are called
    bool centre = false;
  };

  // `track`: name of the track that this run of the gateway makes of what is said at a capture.
  TalkDesk(LiveHub& live, std::string track, Ways ways, const Clock& clock);

  // Before this nobody is given the floor: parts are published under this device.
  void gateway_is(DeviceId gateway);
  // From now on this viewer of the capture is told who speaks, and may speak.
  void admit(ProjectId project, CaptureId capture, Person person,
             const std::shared_ptr<PushChannel>& channel);
  void tick();

 private:
  struct Listener {
    std::shared_ptr<PushChannel> channel;
    Person person;
    double packets = 0;  // that may come now: a bucket that fills again
    std::int64_t filled_us = 0;
  };
  struct Said {  // [from, to) of the track were this viewer's
    const PushChannel* speaker;
    std::uint64_t from = 0;
    std::optional<std::uint64_t> to;
  };
  struct Key {
    ProjectId project;
    CaptureId capture;
    auto operator<=>(const Key&) const = default;
  };
  struct Room {
    Floor floor;
    std::vector<Listener> listeners;
    std::optional<TalkTrack> track;  // once somebody has spoken
    DeviceId device;                 // that is spoken to
    std::uint64_t packets = 0;       // of who has the floor
    std::deque<Said> said;
  };

  void on_message(const Key& key, const PushChannel* channel, bool binary,
                  std::string_view message);
  void on_closed(const Key& key, const PushChannel* channel);
  void take_floor(const Key& key, Room& room, Listener& listener);
  void hush(const Key& key, Room& room);
  void end_turn(const Key& key, Room& room);
  void on_packet(const Key& key, Room& room, Listener& listener, std::string_view opus);
  void hand_on(const Key& key, Room& room, Result<std::optional<TalkPart>> part);
  void tell_floor(const Key& key, Room& room);
  static void tell(Listener& listener, const Room& room);
  [[nodiscard]] const PushChannel* voice_of(CaptureId capture, std::string_view track,
                                            std::uint64_t sequence) const;
  static bool may_send(Listener& listener, std::int64_t now_us);

  LiveHub& live_;
  const std::string track_;
  const Ways ways_;
  const Clock& clock_;
  const Log log_{"gateway/talk"};
  bool ready_ = false;
  std::map<Key, Room> rooms_;
};

}  // namespace sitecast::gateway
