// SPDX-License-Identifier: Apache-2.0
// sitecast-bench-archive: makes the index of a large archive for scripts/bench, and the media of
// one capture to be served. Prints one JSON object. See README.md of tests/bench.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/index/current.h"
#include "proto/base/file.h"
#include "tests/bench/archive/index_filler.h"
#include "tests/bench/archive/made_feed.h"

namespace sitecast::bench {
namespace {

using nlohmann::json;

struct Options {
  std::filesystem::path state_dir;
  MadeArchiveOptions archive;
};

constexpr std::uint64_t kServedBlocks = 12;  // two minutes
constexpr std::size_t kPieceBytes = 1024 * 1024;

Status write_media(const std::filesystem::path& path, std::uint64_t size_bytes,
                   std::uint64_t seed) {
  SC_TRY(make_folders_durably(path.parent_path()));
  SC_TRY_ASSIGN(auto file, File::create(path));
  std::mt19937_64 random(seed);
  Bytes piece(kPieceBytes);
  while (size_bytes > 0) {
    for (auto& byte : piece) byte = static_cast<std::uint8_t>(random());
    const auto size = std::min<std::uint64_t>(size_bytes, piece.size());
    SC_TRY(file.append(ByteView(piece).first(static_cast<std::size_t>(size))));
    size_bytes -= size;
  }
  return file.sync_data();
}

Result<json> make(const Options& options) {
  const auto started = std::chrono::steady_clock::now();
  const hub::Layout layout(options.state_dir);
  SC_TRY_ASSIGN(const auto index, hub::new_index_path(layout));
  MadeArchive archive(options.archive);
  json served;
  {
    SC_TRY_ASSIGN(auto filler, IndexFiller::open(index, layout));
    for (const auto& project : archive.projects()) SC_TRY(filler.add(project));
    const std::uint64_t tenth = std::max<std::uint64_t>(options.archive.captures / 10, 1);
    for (std::uint64_t n = 1; n <= options.archive.captures; ++n) {
      const MadeCapture capture = archive.next();
      SC_TRY(filler.add(archive, capture));
      if (served.empty() && capture.look == 0 && capture.blocks >= kServedBlocks) {
        SC_TRY(write_media(layout.media(capture.project, capture.id, "video"),
                           archive.video(0).size_bytes(capture.blocks), 1));
        SC_TRY(write_media(layout.media(capture.project, capture.id, "audio"),
                           archive.audio(0).size_bytes(capture.blocks), 2));
        served = {{"project", capture.project.text()}, {"capture", capture.id.text()}};
      }
      if (n % tenth == 0)
        std::cerr << fmt::format("{} of {} captures\n", n, options.archive.captures);
    }
    SC_TRY(filler.finish());
  }
  SC_TRY(hub::switch_index(layout, index));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  return json{{"index", index.string()},
              {"size_bytes", std::filesystem::file_size(index)},
              {"captures", options.archive.captures},
              {"projects", archive.projects().size()},
              {"seconds", took.count()},
              {"served", served}};
}

Result<json> make_feed_index(const std::filesystem::path& state_dir,
                             const MadeFeedOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  const hub::Layout layout(state_dir);
  SC_TRY_ASSIGN(const auto index, hub::new_index_path(layout));
  SC_TRY_ASSIGN(const MadeFeed made, make_feed(index, layout, options));
  SC_TRY(hub::switch_index(layout, index));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  json projects = json::array();
  for (const ProjectId project : made.projects) projects.push_back(project.text());
  return json{{"index", index.string()},  {"size_bytes", made.size_bytes},
              {"events", options.events}, {"projects", projects},
              {"words", made.words},      {"seconds", took.count()}};
}

int run(int argc, char** argv) {
  CLI::App app{"Indexes of large archives for scripts/bench"};
  app.require_subcommand(1);
  Options options;
  auto* command = app.add_subcommand("make", "a hub's state folder with an index and no journals");
  command->add_option("--state-dir", options.state_dir)->required();
  command->add_option("--captures", options.archive.captures)->required();
  command->add_option("--member", options.archive.member, "owner of every project");
  MadeFeedOptions feed;
  auto* feed_command =
      app.add_subcommand("make-feed", "the same of what was said in many projects");
  feed_command->add_option("--state-dir", options.state_dir)->required();
  feed_command->add_option("--events", feed.events)->required();
  feed_command->add_option("--projects", feed.projects)->required();
  feed_command->add_option("--member", feed.member, "owner of every project")->required();
  CLI11_PARSE(app, argc, argv);
  const auto made =
      feed_command->parsed() ? make_feed_index(options.state_dir, feed) : make(options);
  if (!made.ok()) {
    std::cerr << "sitecast-bench-archive: " << made.error().message() << "\n";
    return 1;
  }
  std::cout << made->dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace sitecast::bench

int main(int argc, char** argv) { return sitecast::bench::run(argc, argv); }
