// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <vector>

#include "proto/base/clock.h"
#include "tests/support/media/makers.h"
#include "tests/support/media/raw_feed.h"
#include "tests/support/media/time_code.h"

namespace sitecast::testmedia {
namespace {

constexpr std::size_t kWidth = 1280;
constexpr std::size_t kHeight = 720;
constexpr std::size_t kFrameBytes = kWidth * kHeight * 3 / 2;
constexpr long kFps = 30;
constexpr std::size_t kPanPx = 6;  // a frame: a steady walk past a wall

std::string caps() {
  return fmt::format("video/x-raw,format=I420,width={},height={},framerate={}/1", kWidth, kHeight,
                     kFps);
}

// A picture twice as wide as the frame with structure of every size, for the camera to pan over.
std::vector<std::uint8_t> make_panorama() {
  std::vector<std::uint8_t> luma(2 * kWidth * kHeight);
  const auto cell = [](std::size_t x, std::size_t y, std::size_t size) {
    std::uint32_t h = static_cast<std::uint32_t>((x / size) * 73'856'093U ^
                                                 (y / size) * 19'349'663U ^ size * 83'492'791U);
    h = (h ^ h >> 13) * 1'274'126'177U;
    return (h >> 24) & 0xFFU;
  };
  for (std::size_t y = 0; y < kHeight; ++y) {
    for (std::size_t x = 0; x < 2 * kWidth; ++x) {
      const std::uint32_t sum = cell(x, y, 160) * 6 + cell(x, y, 40) * 3 + cell(x, y, 8);
      luma[y * 2 * kWidth + x] = static_cast<std::uint8_t>(30 + sum / 14);
    }
  }
  return luma;
}

void sleep_until(const timespec& when) {
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr) == EINTR) {
  }
}

}  // namespace

std::string time_code_source(const std::string& socket) {
  return "gst:shmsrc socket-path=" + socket + " is-live=true do-timestamp=true ! " + caps();
}

Status run_time_code(const std::string& socket, const std::atomic<bool>& stop) {
  std::filesystem::remove(socket);
  SC_TRY_ASSIGN(auto pipeline, gst::Pipeline::parse(fmt::format(
                                   "appsrc name=in format=time caps={} ! shmsink name=out "
                                   "wait-for-connection=false sync=false shm-size={}",
                                   caps(), 8 * kFrameBytes)));
  g_object_set(pipeline.element("out").get(), "socket-path", socket.c_str(), nullptr);
  SC_TRY_ASSIGN(auto feed, RawFeed::of(pipeline, "in"));
  SC_TRY(pipeline.set_state(GST_STATE_PLAYING));
  const auto panorama = make_panorama();
  const SystemClock clock;
  timespec next{};
  clock_gettime(CLOCK_MONOTONIC, &next);
  bool announced = false;
  for (std::uint32_t frame = 0; !stop; ++frame) {
    sleep_until(next);
    next.tv_nsec += 1'000'000'000L / kFps;
    if (next.tv_nsec >= 1'000'000'000L) {
      next.tv_nsec -= 1'000'000'000L;
      ++next.tv_sec;
    }
    const std::int64_t begun_at_us = clock.wall_us();
    const std::size_t shift = frame * kPanPx % kWidth;
    SC_TRY(feed.push(kFrameBytes, std::int64_t{1'000'000'000} * frame / kFps, 1'000'000'000 / kFps,
                     [&](std::uint8_t* planes) {
                       for (std::size_t y = 0; y < kHeight; ++y) {
                         std::memcpy(planes + y * kWidth, panorama.data() + y * 2 * kWidth + shift,
                                     kWidth);
                       }
                       std::memset(planes + kWidth * kHeight, 128, kWidth * kHeight / 2);
                       draw_time_code(planes, kWidth, frame, begun_at_us);
                     }));
    if (auto error = pipeline.take_error()) return *error;
    if (!announced && std::filesystem::exists(socket)) {
      announced = true;
      fmt::print("ready\n");
      std::fflush(stdout);
    }
  }
  return Ok{};
}

}  // namespace sitecast::testmedia
