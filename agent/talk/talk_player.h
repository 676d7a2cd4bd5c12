// SPDX-License-Identifier: Apache-2.0
// Lets those who film hear who speaks to them: packets come from the delivery thread and are played
// on a loudspeaker by a thread of its own. The pipeline is made with the first packet and kept; a
// sink that fails is tried again with the next turn, ten seconds later at the earliest, and filming
// goes on whatever happens here. Threads: all methods from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "agent/gst/pipeline.h"
#include "agent/talk/playout.h"
#include "proto/base/clock.h"
#include "proto/base/id.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

struct TalkSettings {
  // A GStreamer launch fragment that takes raw sound; empty: nothing is played.
  std::string sink = "autoaudiosink";
  std::uint32_t hold_ms = 60;  // how unevenly packets may come without a break in the voice
};

// Who speaks now.
struct Speaking {
  CaptureId capture;
  std::string speaker;         // empty: nobody
  std::uint64_t revision = 0;  // grows with each change
};

class TalkPlayer {
 public:
  TalkPlayer(TalkSettings settings, const Clock& clock, Log log);
  ~TalkPlayer();  // ends the thread

  void take(const v1::Talk& talk);
  [[nodiscard]] Speaking speaking() const;

 private:
  struct Packet {
    std::uint64_t number = 0;
    std::int64_t came_at_us = 0;
    bool ends_turn = false;
    std::string opus;
  };
  void run();
  void play(const Packet& packet);
  Status open();
  void close();

  const TalkSettings settings_;
  const Clock& clock_;
  const Log log_;

  // The thread's.
  gst::Pipeline pipeline_;
  gst::GstPtr<GstElement> source_;
  Playout playout_;
  std::int64_t failed_us_ = 0;  // 0: never

  mutable Mutex mutex_;
  CondVar changed_;
  Speaking speaking_ SC_GUARDED_BY(mutex_);
  std::deque<Packet> packets_ SC_GUARDED_BY(mutex_);
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::agent
