// SPDX-License-Identifier: Apache-2.0
#include "agent/filming.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace sitecast::agent {
namespace {

constexpr int kFilmingPollMs = 100;
constexpr std::int64_t kFilmingProgressUs = 1'000'000;

}  // namespace

void Film::add(const RecordingEnd& next) {
  const RecordingEnd before = end;
  end = next;
  end.media_time_us += before.media_time_us;
  end.video_frames += before.video_frames;
  end.video_frames_dropped += before.video_frames_dropped;
  end.audio_frames += before.audio_frames;
}

// A full disk ends a capture; while its source goes on, another continues it as soon as there is
// room. A file that is played once cannot be taken up where it was.
Result<Film> Filming::run(RecordOptions options) {
  const bool goes_on = options.loop || options.source.substr(0, 5) != "file:";
  const std::int64_t wanted_us = options.duration_us;
  for (;;) {
    SC_TRY_ASSIGN(const RecordingEnd end, film_once(options));
    film_.add(end);
    const bool full = end.reason == "disk_full";
    const bool done = wanted_us > 0 && film_.end.media_time_us >= wanted_us;
    if (!full || !goes_on || stopped_ || done) return film_;
    options.continues = film_.captures.back().raw();
    options.note.clear();
    if (wanted_us > 0) options.duration_us = wanted_us - film_.end.media_time_us;
    if (!gap_) {
      gap_ = Gap{film_.captures.back(), end.media_time_us, end.media_time_us};
      film_.pauses += 1;
      reply_({{"type", "paused"},
              {"reason", "disk_full"},
              {"capture_id", film_.captures.back().text()}});
    }
    const std::int64_t paused_at_us = clock_.monotonic_us();
    const bool room = wait_for_room();
    film_.paused_us += clock_.monotonic_us() - paused_at_us;
    gap_->until_us += clock_.monotonic_us() - paused_at_us;
    if (!room) return film_;
  }
}

// False: asked to stop instead.
bool Filming::wait_for_room() {
  do {  // a moment at least: what began too early is not begun again at once
    if (stop_.wait_ms(kFilmingPollMs)) {
      stop_.clear();
      return false;
    }
  } while (!spool_.has_room_again());
  return true;
}

Result<RecordingEnd> Filming::film_once(const RecordOptions& options) {
  RecordCallbacks callbacks;
  auto warnings = std::make_shared<PendingWarnings>();
  callbacks.quality = [warnings](const v1::QualityWarning& warning, std::int64_t media_time_us) {
    warnings->add(warning, media_time_us);
  };
  auto started = Recording::start(options, spool_, callbacks);
  if (!started.ok()) {
    if (film_.captures.empty()) return started.error();
    const bool still_full = started.error().kind() == ErrorKind::kResourceExhausted;
    RecordingEnd end;
    end.reason = still_full ? "disk_full" : "error";
    end.status = started.error();
    return end;
  }
  const std::shared_ptr<Recording> recording = std::move(*started);
  const CaptureId id = recording->id();
  if (film_.captures.empty()) {
    reply_({{"capture_id", id.text()}});
  } else {
    state_gap(options.project, *gap_);
    gap_.reset();
    reply_({{"type", "resumed"},
            {"capture_id", id.text()},
            {"continues", film_.captures.back().text()}});
  }
  film_.captures.push_back(id);
  hooks_.begun(recording);
  RecordingEnd end = follow(*recording, *warnings);
  hooks_.ended(id);
  return end;
}

// What was not filmed between two captures, on the clock of the first.
void Filming::state_gap(ProjectId project, const Gap& gap) {
  v1::Event event;
  event.set_kind("gap");
  event.set_capture_id(gap.capture.raw());
  event.mutable_gap()->set_track("video");
  event.mutable_gap()->set_from_us(gap.from_us);
  event.mutable_gap()->set_until_us(std::max(gap.until_us, gap.from_us + 1));
  event.mutable_gap()->set_reason("disk_full");
  if (const auto stated = spool_.state_event(project, std::move(event)); !stated.ok()) {
    log_.warn("the gap could not be stated: {}", stated.error().message());
  }
}

// What is short of room, or wrong with the disk, once when it begins and once when it is over.
void Filming::say_trouble(std::string& said) const {
  const SpoolTrouble trouble = spool_.trouble();
  if (trouble.kind == said) return;
  const SpoolRoom room = spool_.room();
  reply_({{"type", "trouble"},
          {"trouble", trouble.kind.empty() ? said : trouble.kind},
          {"active", !trouble.kind.empty()},
          {"room_bytes", room.free_bytes},
          {"room_ms", room.left_ms}});
  said = trouble.kind;
}

RecordingEnd Filming::follow(Recording& recording, PendingWarnings& warnings) {
  std::string said;
  // wait() blocks, so it has a thread of its own and this one keeps talking.
  std::atomic<bool> ended = false;
  RecordingEnd end;
  std::thread waiter([&] {
    end = recording.wait();
    ended = true;
  });
  std::int64_t said_us = 0;
  while (!ended) {
    if (!stopped_ && stop_.wait_ms(kFilmingPollMs)) {
      stopped_ = true;
      stop_.clear();  // from here on it means: do not wait for the delivery either
      recording.stop();
    } else if (stopped_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kFilmingPollMs));
    }
    for (const nlohmann::json& warning : warnings.take()) reply_(warning);
    for (const nlohmann::json& one : hooks_.news()) reply_(one);
    say_trouble(said);
    if (clock_.monotonic_us() - said_us < kFilmingProgressUs) continue;
    said_us = clock_.monotonic_us();
    nlohmann::json progress = hooks_.progress(recording.id());
    progress["type"] = "progress";
    progress["captured_ms"] = recording.media_time_us() / 1000;
    reply_(progress);
  }
  waiter.join();
  for (const nlohmann::json& warning : warnings.take()) reply_(warning);
  return end;
}

}  // namespace sitecast::agent
