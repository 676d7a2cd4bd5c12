// SPDX-License-Identifier: Apache-2.0
#include "agent/talk/talk_player.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "agent/gst/buffer.h"

namespace sitecast::agent {
namespace {

constexpr std::size_t kWaiting = 100;  // 2 s; more is of no use to anybody
constexpr std::int64_t kTryAgainUs = 10'000'000;

std::int64_t running_ns(GstElement* pipeline) {
  const auto clock = gst::GstPtr<GstClock>::adopt(gst_element_get_clock(pipeline));
  if (!clock) return 0;
  return static_cast<std::int64_t>(gst_clock_get_time(clock.get())) -
         static_cast<std::int64_t>(gst_element_get_base_time(pipeline));
}

}  // namespace

TalkPlayer::TalkPlayer(TalkSettings settings, const Clock& clock, Log log)
    : settings_(std::move(settings)),
      clock_(clock),
      log_(std::move(log)),
      playout_(std::int64_t{settings_.hold_ms} * 1000) {
  if (settings_.sink.empty()) return;
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "talk");
    run();
  });
}

TalkPlayer::~TalkPlayer() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void TalkPlayer::take(const v1::Talk& talk) {
  const auto capture = CaptureId::from_bytes(talk.capture_id()).value_or(CaptureId());
  const MutexLock lock(mutex_);
  if (speaking_.speaker != talk.speaker() || speaking_.capture != capture) {
    speaking_ = {capture, talk.speaker(), speaking_.revision + 1};
    packets_.push_back({0, 0, true, {}});
  }
  if (!talk.opus().empty() && thread_.joinable()) {
    packets_.push_back({talk.packet(), clock_.monotonic_us(), false, talk.opus()});
  }
  while (packets_.size() > kWaiting) packets_.pop_front();
  changed_.notify_all();
}

Speaking TalkPlayer::speaking() const {
  const MutexLock lock(mutex_);
  return speaking_;
}

void TalkPlayer::run() {
  for (;;) {
    Packet packet;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && packets_.empty()) changed_.wait(mutex_);
      if (stopping_) break;
      packet = std::move(packets_.front());
      packets_.pop_front();
    }
    if (packet.ends_turn) {
      playout_.end_turn();
      continue;
    }
    play(packet);
  }
  close();
}

Status TalkPlayer::open() {
  if (pipeline_) return Ok{};
  SC_TRY(gst::initialise());
  SC_TRY_ASSIGN(
      pipeline_,
      gst::Pipeline::parse("appsrc name=voice format=time is-live=true "
                           "caps=audio/x-opus,channel-mapping-family=(int)0,channels=(int)1,"
                           "rate=(int)48000 ! opusdec plc=true ! audioconvert ! audioresample ! " +
                           settings_.sink));
  source_ = pipeline_.element("voice");
  SC_TRY(pipeline_.set_state(GST_STATE_PLAYING));
  return Ok{};
}

// With the end of the stream, so that a sink that writes a file can finish it.
void TalkPlayer::close() {
  if (!pipeline_) return;
  gst_app_src_end_of_stream(GST_APP_SRC(source_.get()));
  pipeline_.pop(static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR), 500);
  source_.reset();
  pipeline_ = gst::Pipeline();
}

void TalkPlayer::play(const Packet& packet) {
  if (failed_us_ != 0 && clock_.monotonic_us() - failed_us_ < kTryAgainUs) return;
  Status opened = open();
  if (opened.ok()) {
    if (auto error = pipeline_.take_error()) opened = *error;
  }
  if (!opened.ok()) {
    log_.warn("who speaks cannot be heard here: {}", opened.error().message());
    failed_us_ = std::max<std::int64_t>(clock_.monotonic_us(), 1);
    source_.reset();
    pipeline_ = gst::Pipeline();
    return;
  }
  const auto slot = playout_.place(packet.number, packet.came_at_us);
  if (!slot) return;
  const std::int64_t at_ns = std::max<std::int64_t>(
      running_ns(pipeline_.get()) + (slot->play_at_us - clock_.monotonic_us()) * 1000, 0);
  constexpr std::int64_t kPacketNs = Playout::kPacketUs * 1000;
  // The decoder makes up for what is missing from what came before it.
  for (std::uint64_t i = slot->missing; i > 0; --i) {
    const std::int64_t gap_ns = at_ns - static_cast<std::int64_t>(i) * kPacketNs;
    if (gap_ns < 0) continue;
    gst_element_send_event(source_.get(), gst_event_new_gap(static_cast<GstClockTime>(gap_ns),
                                                            static_cast<GstClockTime>(kPacketNs)));
  }
  auto buffer = gst::make_buffer(as_bytes(packet.opus), at_ns, kPacketNs);
  if (slot->begins) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  gst_app_src_push_buffer(GST_APP_SRC(source_.get()), buffer.release());
}

}  // namespace sitecast::agent
