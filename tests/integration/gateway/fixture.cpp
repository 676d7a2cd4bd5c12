// SPDX-License-Identifier: Apache-2.0
// For the gateway's integration test:
//   sitecast-gateway-fixture routes     the route table as JSON
//   sitecast-gateway-fixture make DIR   an archive of two projects with a member each, and messages
//   to
//                                       publish; prints what is where as JSON
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/index/current.h"
#include "hub/index/writer.h"
#include "proto/base/file.h"
#include "proto/codec/topics.h"
#include "tests/support/archive_builder.h"
#include "viewer/gateway/routes.h"

namespace sitecast {
namespace {

using nlohmann::json;

std::string_view name_of(gateway::Action action) {
  switch (action) {
    case gateway::Action::kSignIn: return "sign_in";
    case gateway::Action::kRead: return "read";
    case gateway::Action::kWatch: return "watch";
    case gateway::Action::kState: return "state";
    case gateway::Action::kDirect: return "direct";
    case gateway::Action::kDecide: return "decide";
    case gateway::Action::kInspect: return "inspect";
    case gateway::Action::kEnrol: return "enrol";
    case gateway::Action::kTunnel: return "tunnel";
  }
  return "";
}

std::string_view name_of(gateway::ObjectKind kind) {
  switch (kind) {
    case gateway::ObjectKind::kPublic: return "public";
    case gateway::ObjectKind::kOwnSession: return "own_session";
    case gateway::ObjectKind::kProjectList: return "project_list";
    case gateway::ObjectKind::kProject: return "project";
    case gateway::ObjectKind::kCapture: return "capture";
  }
  return "";
}

json routes() {
  json list = json::array();
  for (const auto& route : gateway::kRoutes) {
    list.push_back({{"method", gateway::name_of(route.method)},
                    {"pattern", route.pattern},
                    {"websocket", route.transport == gateway::Transport::kWebSocket},
                    {"action", name_of(route.guarded.action)},
                    {"object", name_of(route.guarded.kind)}});
  }
  return list;
}

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) std::abort();
}

class ProjectMaker {
 public:
  ProjectMaker(ArchiveBuilder& archive, std::filesystem::path messages)
      : archive_(archive), messages_(std::move(messages)) {}

  json make(const std::string& name, const std::string& member, const std::string& role) {
    auto stated = event("project.stated", std::nullopt);
    stated.mutable_project()->set_name(name);
    stated.mutable_project()->set_time_zone("Asia/Shanghai");
    stated.mutable_project()->add_areas("north");
    archive_.add_event(project_, device_, stated);
    auto added = event("member.added", std::nullopt);
    added.mutable_member()->set_user(member);
    added.mutable_member()->set_role(role);
    archive_.add_event(project_, device_, added);
    json remarks = json::array({make_remark("north", 10), make_remark("south", 0)});
    auto removed = event("member.removed", std::nullopt);
    removed.mutable_member()->set_user(member);
    return {{"project", project_.text()},
            {"walk", make_walk()},
            {"photo", make_photo()},
            {"live", make_live()},
            {"remarks", remarks},
            {"status", make_statuses()},
            {"feed_topic", feed_topic(project_)},
            {"member_removed", message("member_removed", committed(removed))}};
  }

 private:
  v1::Event event(std::string kind, std::optional<CaptureId> capture) {
    v1::Event made;
    made.set_event_id(EventId::make().raw());
    made.set_kind(std::move(kind));
    made.set_stated_at_us(1'700'000'000'000'000);
    if (capture) made.set_capture_id(capture->raw());
    return made;
  }

  // Said of no capture, `after_us` after the project's first capture could begin.
  std::string make_remark(const std::string& area, std::int64_t after_us) {
    auto progress = event("progress", std::nullopt);
    progress.set_stated_at_us(1'700'000'000'000'000 + after_us);
    progress.set_area(area);
    progress.mutable_progress()->set_stage("roof");
    progress.mutable_progress()->set_has_percentage(true);
    progress.mutable_progress()->set_percentage(65);
    progress.mutable_progress()->set_text("said of " + area);
    archive_.add_event(project_, device_, progress);
    return EventId::from_bytes(progress.event_id())->text();
  }

  // A device with two captures of which it has the only copy: what it says, and what is said for
  // it.
  json make_statuses() {
    const auto held = DeviceId::make();
    v1::DeviceStatus status;
    status.set_online(true);
    status.set_at_us(1'700'000'100'000'000);
    status.set_device_name("phone of Li");
    status.set_waiting_ms(192'000);
    status.set_waiting_bytes(48'000'000);
    status.set_waiting_captures(2);
    status.set_waiting_cause("awaiting_receipt");
    status.set_waiting_since_us(1'700'000'050'000'000);
    status.set_delivered_kbps(800);
    status.set_remaining_ms(480'000);
    status.set_trouble("quota_full");
    status.set_stored_bytes(16'000'000'000);
    status.set_quota_bytes(16'000'000'000);
    for (const char* state : {"sending", "on_device"}) {
      auto* item = status.add_items();
      item->set_capture_id(CaptureId::make().raw());
      item->set_kind("walkthrough");
      item->set_area("north");
      item->set_captured_at_us(1'700'000'000'000'000);
      item->set_state(state);
      item->set_cause(std::string_view(state) == "sending" ? "awaiting_receipt"
                                                           : "queued_behind_older");
      item->set_waiting_ms(96'000);
      item->set_waiting_bytes(24'000'000);
      item->set_size_bytes(32'000'000);
    }
    json made = {{"device", held.text()},
                 {"topic", format_topic({TopicKind::kStatus, project_, held, CaptureId(), ""})},
                 {"online", message("status-online", status.SerializeAsString())}};
    status.set_online(false);
    made["goodbye"] = message("status-goodbye", status.SerializeAsString());
    v1::DeviceStatus will;  // of when it connected: nothing waited then
    will.set_lost(true);
    will.set_at_us(1'700'000'000'000'000);
    will.set_device_name("phone of Li");
    made["will"] = message("status-will", will.SerializeAsString());
    status.Clear();
    status.set_online(true);
    status.set_at_us(1'700'000'200'000'000);
    status.set_device_name("phone of Li");
    made["done"] = message("status-done", status.SerializeAsString());
    return made;
  }

  std::string committed(const v1::Event& of) {
    v1::CommittedEvent feed;
    feed.set_event(of.SerializeAsString());
    feed.set_device_id(device_.raw());
    feed.set_received_at_us(1'700'000'001'000'000);
    return feed.SerializeAsString();
  }

  std::string message(const std::string& name, std::string_view bytes) {
    const auto path = messages_ / (project_.text() + "." + name);
    write(path, bytes);
    return path.string();
  }

  void open_capture(CaptureId capture, const std::string& kind,
                    const std::vector<std::string>& tracks) {
    auto opened = event("capture.opened", capture);
    opened.set_area("north");
    auto* body = opened.mutable_capture_opened();
    body->set_capture_kind(kind);
    body->set_captured_at_us(1'700'000'000'000'000 + ++captures_);
    body->set_title("title \"of\" " + kind);
    for (const auto& track : tracks) body->add_tracks(track);
    if (kind == "photo") body->mutable_photo()->set_width(640);
    archive_.add_event(project_, device_, opened);
  }

  json make_walk() {
    const auto capture = CaptureId::make();
    open_capture(capture, "walkthrough", {"video"});
    constexpr std::uint64_t kParts = 23;
    TrackMaker video(capture, "video", SigningKey::generate(), {});
    std::string segment;  // the second one
    std::string init_hash8;
    for (std::uint64_t i = 0; i < kParts; ++i) {
      const auto part = video.next(i + 1 == kParts);
      archive_.add_part(project_, device_, video, part, true);
      if (i >= 5 && i < 10) segment += to_string(ByteView(part.media));
      init_hash8 = part.init_hash8;
    }
    auto note = event("note", capture);
    note.set_has_media_time(true);
    note.set_media_time_us(500'000);
    note.mutable_note()->set_text("a remark");
    archive_.add_event(project_, device_, note);
    auto progress = event("progress", capture);
    progress.mutable_progress()->set_stage("roof");
    progress.mutable_progress()->set_has_percentage(true);
    progress.mutable_progress()->set_percentage(42.5);
    archive_.add_event(project_, device_, progress);
    auto closed = event("capture.closed", capture);
    auto* end = closed.mutable_capture_closed()->add_tracks();
    end->set_track("video");
    end->set_part_count(kParts);
    archive_.add_event(project_, device_, closed);
    const auto derived = archive_.layout().derived_dir(project_, capture);
    write(derived / "thumbnail.jpg", "thumbnail");
    write(derived / "sprite.jpg", "sprite");
    write(
        derived / "sprite.json",
        R"({"interval_ms":2000,"columns":2,"rows":1,"tile_width":160,"tile_height":90,"count":2})");
    return {{"capture", capture.text()},
            {"init", hex_encode(as_bytes(init_hash8))},
            {"segment_bytes", message("segment", segment)}};
  }

  json make_photo() {
    const auto capture = CaptureId::make();
    open_capture(capture, "photo", {"image"});
    TrackOptions options;
    options.part_bytes = 1000;
    options.file_size_bytes = 3000;
    TrackMaker image(capture, "image", SigningKey::generate(), options);
    std::string bytes;
    for (const bool last : {false, false, true}) {
      const auto part = image.next(last);
      archive_.add_part(project_, device_, image, part, true);
      bytes += to_string(ByteView(part.media));
    }
    return {{"capture", capture.text()}, {"file_bytes", message("file", bytes)}};
  }

  // Begun, its first part archived; the frames are for the test to publish.
  json make_live() {
    const auto capture = CaptureId::make();
    open_capture(capture, "walkthrough", {"video"});
    TrackMaker video(capture, "video", SigningKey::generate(), {});
    json frames = json::array();
    constexpr int kFrames = 8;  // groups of 5: [0..4], [5..7]
    for (int i = 0; i < kFrames; ++i) {
      const auto part = video.next();
      if (i == 0) archive_.add_part(project_, device_, video, part, true);
      frames.push_back(message(fmt::format("frame{}", i), to_string(ByteView(part.frame()))));
    }
    auto closed = event("capture.closed", capture);
    closed.mutable_capture_closed()->set_reason("stopped");
    return {{"capture", capture.text()},
            {"topic", format_topic({TopicKind::kLive, project_, device_, capture, "video"})},
            {"frames", frames},
            {"closed", message("closed", committed(closed))}};
  }

  ArchiveBuilder& archive_;
  std::filesystem::path messages_;
  ProjectId project_ = ProjectId::make();
  DeviceId device_ = DeviceId::make();
  std::int64_t captures_ = 0;
};

json make(const std::filesystem::path& dir) {
  const hub::Layout layout(dir / "hub");
  ArchiveBuilder archive(layout);
  json made = {{"mine", ProjectMaker(archive, dir / "messages").make("云桥", "ana", "agent")},
               {"other", ProjectMaker(archive, dir / "messages").make("Other", "olga", "owner")}};
  const auto path = hub::new_index_path(layout);
  if (!path.ok()) std::abort();
  auto writer = hub::IndexWriter::open(*path, layout, Log("fixture"));
  if (!writer.ok() || !(*writer)->apply(archive.work(), 0, true).ok() ||
      !hub::switch_index(layout, *path).ok()) {
    std::abort();
  }
  return made;
}

}  // namespace
}  // namespace sitecast

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words == std::vector<std::string>{"routes"}) {
    std::cout << sitecast::routes() << '\n';
  } else if (words.size() == 2 && words[0] == "make") {
    std::cout << sitecast::make(words[1]) << '\n';
  } else {
    std::cerr << "usage: sitecast-gateway-fixture routes | make DIR\n";
    return 2;
  }
  return 0;
}
