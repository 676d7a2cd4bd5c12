// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ostream>

#include "hub/check/commands.h"
#include "hub/check/export_format.h"
#include "hub/check/movie_export.h"
#include "proto/base/file.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

constexpr std::uint64_t kManifestBytes = 16ULL << 20;

class Verify {
 public:
  Verify(const std::filesystem::path& dir, CommandIo io) : dir_(dir), io_(io) {}

  Status run() {
    SC_TRY_ASSIGN(const auto text, read_file(dir_ / "proof.json", kManifestBytes));
    SC_TRY_ASSIGN(manifest_, parse_manifest(to_string(ByteView(text))));
    check_files();
    check_tracks();
    check_movies();
    check_originals();
    report();
    return Ok{};
  }
  [[nodiscard]] bool clean() const { return problems_ == 0; }

 private:
  void problem(const std::string& text) {
    ++problems_;
    io_.out << "problem: " << text << "\n";
  }

  void check_files() {
    for (const auto& expected : manifest_.files) {
      const auto found = hash_file(dir_, expected.name);
      if (!found.ok()) {
        problem(expected.name + ": " + found.error().message());
      } else if (found->sha256 != expected.sha256) {
        problem(expected.name + ": is not the file that was exported");
      }
    }
  }

  void check_tracks() {
    for (const auto& expected : manifest_.tracks) {
      const TrackFiles files{manifest_.capture, expected.name,
                             dir_ / "proof" / (expected.name + ".sidecar"),
                             dir_ / "proof" / (expected.name + ".media")};
      auto audit = audit_track(files, true, manifest_.device_key, expected.closing);
      if (!audit.ok()) {
        problem(expected.name + ": " + audit.error().message());
        continue;
      }
      for (const auto& text : audit->problems) problem(expected.name + ": " + text);
      if (audit->device != manifest_.device) problem(expected.name + ": is of another device");
      if (audit->parts.size() != expected.part_count) {
        problem(fmt::format("{}: {} parts, {} were exported", expected.name, audit->parts.size(),
                            expected.part_count));
      }
      if (audit->contiguous != expected.contiguous || audit->running != expected.running) {
        problem(fmt::format("{}: the chain of parts breaks at part {}", expected.name,
                            audit->contiguous));
      }
      if (audit->torn_sidecar_bytes > 0) problem(expected.name + ": its end is damaged");
      io_.out << fmt::format("{}: {} parts, {} of them signed by the device\n", expected.name,
                             audit->parts.size(), audit->proven);
      proven_ += audit->proven;
      parts_ += audit->parts.size();
      tracks_.push_back({files, std::move(*audit)});
    }
  }

  // What one would see in the movie must be what the proven parts hold: made again, it is the same.
  void check_movies() {
    const auto plan = plan_export(tracks_);
    if (!plan.ok()) return problem("movie: " + plan.error().message());
    if (plan->movies.size() != manifest_.movies.size()) {
      return problem("the movies are not those of the proven parts");
    }
    for (std::size_t i = 0; i < plan->movies.size(); ++i) {
      Sha256 hasher;
      const Status made = stream_movie(plan->movies[i], tracks_, manifest_.created_at_us,
                                       [&](ByteView bytes) -> Status {
                                         hasher.update(bytes);
                                         return Ok{};
                                       });
      const auto found = hash_file(dir_, manifest_.movies[i]);
      if (!made.ok() || !found.ok() || found->sha256 != hasher.finish()) {
        problem(manifest_.movies[i] + ": does not show what the device sent");
      }
    }
  }

  void check_originals() {
    for (const auto& [track, name] : manifest_.originals) {
      for (const TrackSource& source : tracks_) {
        if (source.files.track != track) continue;
        Sha256 hasher;
        const Status made = stream_file(source, [&](ByteView bytes) -> Status {
          hasher.update(bytes);
          return Ok{};
        });
        const auto found = hash_file(dir_, name);
        if (!made.ok() || !found.ok() || found->sha256 != hasher.finish()) {
          problem(name + ": is not what the device sent");
        }
      }
    }
  }

  void report() {
    const std::string key = manifest_.device_key ? base64url_encode(*manifest_.device_key) : "-";
    if (problems_ > 0) {
      io_.out << fmt::format("NOT VERIFIED: {} problems\n未通过验证：{} 处问题\n", problems_,
                             problems_);
      return;
    }
    io_.out << fmt::format(
        "VERIFIED: nothing was changed, removed or inserted since device {} signed it "
        "({} of {} parts; key {}).\n"
        "已验证：自设备签名以来没有任何更改、删除或插入（{}/{} 段）。\n"
        "Not proven: parts after the last signature ({}); that the scene was real; that the "
        "device's "
        "clock was right; who held the device. Compare the key with the centre's records.\n"
        "未证明：最后一次签名之后的内容（{} "
        "段）；画面内容的真实性；设备时钟是否准确；设备由谁持有。"
        "请将密钥与中心的登记核对。\n",
        manifest_.device.text(), proven_, parts_, key, proven_, parts_, parts_ - proven_,
        parts_ - proven_);
  }

  const std::filesystem::path& dir_;
  CommandIo io_;
  ExportManifest manifest_;
  std::vector<TrackSource> tracks_;
  std::uint64_t problems_ = 0;
  std::uint64_t proven_ = 0;
  std::uint64_t parts_ = 0;
};

}  // namespace

int verify_command(const std::filesystem::path& dir, CommandIo io) {
  Verify run(dir, io);
  if (const Status status = run.run(); !status.ok()) {
    io.err << "sitecast-hub: verify: " << status.error().message() << "\n";
    return 1;
  }
  return run.clean() ? 0 : 1;
}

}  // namespace sitecast::hub
