// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/archive/made_feed.h"

#include <fmt/format.h>

#include <iostream>
#include <random>

#include "hub/index/projection.h"
#include "hub/index/writer.h"
#include "proto/sqlite/database.h"

namespace sitecast::bench {
namespace {

constexpr std::int64_t kFirstUs = 1'700'000'000'000'000;
constexpr std::int64_t kSpanUs = 730LL * 86'400 * 1'000'000;
constexpr int kFirstDay = 19'675;
constexpr int kLinesPerPart = 50;

const std::vector<std::string>& words() {
  static const std::vector<std::string> kWords{
      "屋面", "墙体", "钢柱", "钢梁", "吊装", "焊接", "基础", "桩基", "混凝", "浇筑",
      "养护", "模板", "脚手", "外墙", "门窗", "消防", "管道", "电缆", "桥架", "配电",
      "空调", "风管", "地坪", "环氧", "吊顶", "隔断", "涂料", "防水", "排水", "雨水",
      "道路", "围墙", "绿化", "验收", "整改", "进场", "材料", "设备", "安装", "调试"};
  return kWords;
}

class Maker {
 public:
  Maker(Database& database, const MadeFeedOptions& options)
      : database_(database), options_(options) {}

  Status add_projects(MadeFeed& made) {
    for (std::uint64_t n = 0; n < options_.projects; ++n) {
      Project project;
      project.id = make_id<ProjectId>(kFirstUs);
      project.device = make_id<DeviceId>(kFirstUs);
      v1::Event stated = event("project.stated", kFirstUs);
      stated.mutable_project()->set_name(fmt::format("项目 {}", n + 1));
      stated.mutable_project()->set_time_zone("Asia/Shanghai");
      for (const std::string& area : areas_) stated.mutable_project()->add_areas(area);
      SC_TRY(apply(project, stated));
      v1::Event member = event("member.added", kFirstUs);
      member.mutable_member()->set_user(options_.member);
      member.mutable_member()->set_role("owner");
      SC_TRY(apply(project, member));
      SC_TRY(add_plan(project));
      made.projects.push_back(project.id);
      projects_.push_back(std::move(project));
    }
    return Ok{};
  }

  Status add_event(std::uint64_t number) {
    Project& project = projects_[random_() % projects_.size()];
    const std::int64_t at_us =
        kFirstUs +
        static_cast<std::int64_t>(static_cast<double>(kSpanUs) * static_cast<double>(number) /
                                  static_cast<double>(options_.events));
    const auto dice = random_() % 100;
    // The first thing of a project is a walk-through.
    if (project.capture.is_nil() || dice < 25) return apply(project, opened(project, at_us));
    if (dice < 55) return apply(project, note(project, at_us, dice));
    if (dice < 70) return apply(project, progress(project, at_us));
    if (dice < 75) return apply(project, milestone(project, at_us));
    if (dice < 90) return apply(project, message(project, at_us));
    if (dice < 95) return apply(project, pin(project, at_us));
    return apply(project, request(project, at_us));
  }

 private:
  struct Project {
    ProjectId id;
    DeviceId device;
    CaptureId capture;  // newest
    std::vector<std::string> items;
    std::vector<std::string> milestones;
  };

  template <typename AnyId>
  AnyId make_id(std::int64_t at_us) {
    std::uint8_t bytes[16];
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    for (int i = 0; i < 6; ++i) {
      bytes[i] = static_cast<std::uint8_t>(at_us / 1000 >> (40 - 8 * i));
    }
    return *AnyId::from_bytes(ByteView(bytes, sizeof bytes));
  }

  v1::Event event(std::string kind, std::int64_t at_us) {
    v1::Event event;
    event.set_event_id(make_id<EventId>(at_us).raw());
    event.set_kind(std::move(kind));
    event.set_stated_at_us(at_us);
    return event;
  }
  v1::Event said(const Project& project, std::string kind, std::int64_t at_us, bool of_capture) {
    v1::Event made = event(std::move(kind), at_us);
    made.set_area(areas_[random_() % areas_.size()]);
    made.mutable_actor()->set_user("user" + std::to_string(random_() % 5));
    made.mutable_actor()->set_display_name(names_[random_() % names_.size()]);
    if (of_capture) {
      made.set_capture_id(project.capture.raw());
      made.set_has_media_time(true);
      made.set_media_time_us(static_cast<std::int64_t>(random_() % 600'000'000));
    }
    return made;
  }
  std::string sentence() {
    std::string text;
    for (auto left = 3 + random_() % 5; left > 0; --left) {
      text += words()[random_() % words().size()];
      text += random_() % 3 == 0 ? "已经完成，" : "正在进行";
    }
    return text;
  }

  v1::Event opened(Project& project, std::int64_t at_us) {
    project.capture = make_id<CaptureId>(at_us);
    v1::Event made = event("capture.opened", at_us);
    made.set_capture_id(project.capture.raw());
    made.set_area(areas_[random_() % areas_.size()]);
    auto* opening = made.mutable_capture_opened();
    opening->set_capture_kind(random_() % 2 == 0 ? "walkthrough" : "photo");
    opening->set_captured_at_us(at_us);
    opening->set_title(made.area() + words()[random_() % words().size()] + "巡检");
    return made;
  }
  v1::Event note(const Project& project, std::int64_t at_us, std::uint64_t dice) {
    v1::Event made = said(project, "note", at_us, dice % 5 != 0);
    made.mutable_note()->set_text(sentence());
    return made;
  }
  v1::Event progress(const Project& project, std::int64_t at_us) {
    v1::Event made = said(project, "progress", at_us, true);
    made.mutable_progress()->set_plan_item(project.items[random_() % project.items.size()]);
    made.mutable_progress()->set_has_percentage(true);
    made.mutable_progress()->set_percentage(static_cast<double>(random_() % 101));
    made.mutable_progress()->set_text(sentence());
    return made;
  }
  v1::Event milestone(const Project& project, std::int64_t at_us) {
    static const char* const kSteps[] = {"claimed", "reviewed", "returned"};
    v1::Event made = said(project, std::string("milestone.") + kSteps[random_() % 3], at_us, true);
    made.mutable_milestone()->set_plan_item(
        project.milestones[random_() % project.milestones.size()]);
    made.mutable_milestone()->set_text(sentence());
    return made;
  }
  v1::Event message(const Project& project, std::int64_t at_us) {
    v1::Event made = said(project, "message", at_us, random_() % 2 == 0);
    made.mutable_message()->set_text(sentence());
    return made;
  }
  v1::Event pin(const Project& project, std::int64_t at_us) {
    v1::Event made = said(project, "pin", at_us, true);
    made.mutable_pin()->set_text(words()[random_() % words().size()]);
    return made;
  }
  v1::Event request(const Project& project, std::int64_t at_us) {
    v1::Event made = said(project, "request", at_us, false);
    made.mutable_request()->set_text(sentence());
    return made;
  }

  Status add_plan(Project& project) {
    v1::Event frozen = event("plan.baselined", kFirstUs);
    v1::PlanBaselined& about = *frozen.mutable_plan_baselined();
    about.set_number(1);
    about.set_line_count(static_cast<std::uint32_t>(options_.plan_lines));
    v1::Event part;
    for (int line = 0; line < options_.plan_lines; ++line) {
      if (line % kLinesPerPart == 0) part = event("plan.part", kFirstUs);
      v1::PlanLine& one = *part.mutable_plan_part()->add_lines();
      one.set_item_id(make_id<EventId>(kFirstUs).raw());
      one.set_source_row(static_cast<std::uint32_t>(line + 2));
      one.set_level(1);
      one.set_number(std::to_string(line + 1));
      one.set_name(words()[random_() % words().size()] + words()[random_() % words().size()]);
      one.set_milestone(line % 15 == 14);
      const int start = kFirstDay + line * 4;
      one.set_start_day(start);
      one.set_finish_day(one.milestone() ? start : start + 30);
      (one.milestone() ? project.milestones : project.items).push_back(one.item_id());
      if (line % kLinesPerPart != kLinesPerPart - 1 && line != options_.plan_lines - 1) continue;
      about.add_part_events(part.event_id());
      SC_TRY(apply(project, part));
    }
    return apply(project, frozen);
  }

  Status apply(const Project& project, const v1::Event& made) {
    const std::string text = made.SerializeAsString();
    SC_TRY(hub::apply_event(database_, project.id,
                            {made.stated_at_us(), project.device, as_bytes(text)}));
    return Ok{};
  }

  Database& database_;
  const MadeFeedOptions& options_;
  std::mt19937_64 random_{1};
  std::vector<Project> projects_;
  const std::vector<std::string> areas_{"一号厂房", "二号厂房", "办公楼", "室外工程"};
  const std::vector<std::string> names_{"王敏", "李强", "张伟", "Anna Berg", "Tom Hill"};
};

}  // namespace

Result<MadeFeed> make_feed(const std::filesystem::path& index, const hub::Layout& layout,
                           const MadeFeedOptions& options) {
  { SC_TRY_ASSIGN(const auto writer, hub::IndexWriter::open(index, layout, Log("bench"))); }
  MadeFeed made;
  made.words = words();
  {
    // Without syncs and journal: what is made once needs none.
    SC_TRY_ASSIGN(auto database, Database::open_shared_writer(index));
    SC_TRY(database.execute(
        "pragma foreign_keys = off; pragma locking_mode = exclusive; pragma journal_mode = off;"
        "pragma synchronous = off; pragma cache_size = -1000000; begin"));
    Maker maker(database, options);
    SC_TRY(maker.add_projects(made));
    for (std::uint64_t number = 0; number < options.events; ++number) {
      SC_TRY(maker.add_event(number));
      // A hub commits all the time; what it finds words by is written in as many pieces.
      if (number % 1000 == 999) SC_TRY(database.execute("commit; begin"));
      if (number % 100'000 == 99'999) {
        std::cerr << fmt::format("{} of {} events\n", number + 1, options.events);
      }
    }
    SC_TRY(database.execute("commit"));
  }
  SC_TRY(Database::open_writer(index));  // the way readers expect it
  made.size_bytes = std::filesystem::file_size(index);
  return made;
}

}  // namespace sitecast::bench
