// SPDX-License-Identifier: Apache-2.0
// What is found, by whom, and that it is the same however the index came to be.
#include <algorithm>
#include <random>

#include "hub/index/dump.h"
#include "hub/index/search_words.h"
#include "tests/unit/hub/reader_fixture.h"

namespace sitecast::hub {
namespace {

class SearchTest : public ReaderTest {
 protected:
  EventId say(const std::string& text, const std::string& area = "", const std::string& by = "",
              ProjectId project = ProjectId()) {
    auto said = event("note", CaptureId::make());
    said.clear_capture_id();
    said.set_area(area);
    said.mutable_note()->set_text(text);
    if (!by.empty()) said.mutable_actor()->set_display_name(by);
    archive_.add_event(project.is_nil() ? project_ : project, device_, said);
    return *EventId::from_bytes(said.event_id());
  }

  SearchPage search(const std::string& typed, SearchFilter filter = {},
                    std::vector<ProjectId> projects = {}) {
    SearchQuery query;
    query.projects = projects.empty() ? std::vector{project_} : std::move(projects);
    query.typed = typed;
    query.filter = std::move(filter);
    auto page = reader_->search(query);
    EXPECT_TRUE(page.ok()) << page.error().message();
    return page.ok() ? std::move(*page) : SearchPage();
  }
  std::vector<EventId> found(const std::string& typed, SearchFilter filter = {}) {
    std::vector<EventId> ids;
    for (const SearchHit& hit : search(typed, std::move(filter)).hits) ids.push_back(hit.event.id);
    return ids;
  }
};

TEST(SearchWordsTest, RunsOfIdeographsArePairsAndOtherRunsAreWords) {
  EXPECT_EQ(search_tokens("主体结构 C30混凝土"),
            (std::set<std::string>{"主体", "体结", "结构", "构", "c30", "混凝", "凝土", "土"}));
  EXPECT_EQ(search_tokens("Ｒｏｏｆ-2 Straße ÉTÉ"),
            (std::set<std::string>{"roof", "2", "straße", "été"}));
  EXPECT_TRUE(search_tokens("……（）、\xFF").empty());
}

TEST_F(SearchTest, TwoCharactersOneCharacterAndBeginningsOfWordsAreFound) {
  const auto roof = say("二层屋面板吊装完成 Roof deck B-2");
  const auto wall = say("砌体墙面");
  index(false);
  for (const char* typed :
       {"屋面", "吊装完成", "面板", "层", "roof", "ROO", "b-2", "板吊 deck", "　屋面　ｒｏｏｆ"}) {
    EXPECT_EQ(found(typed), std::vector{roof}) << typed;
  }
  EXPECT_EQ(found("面"), (std::vector{wall, roof}));
  // Both pairs are there, the word is not; the inside of a word is no beginning.
  for (const char* typed : {"面吊", "板面", "屋面 砌体", "oof", "基础", "层板吊"}) {
    EXPECT_TRUE(found(typed).empty()) << typed;
  }
  EXPECT_TRUE(found("！？").empty());
  EXPECT_EQ(found("").size(), 2U);
}

TEST_F(SearchTest, MarksSayWhereTheWordsStand) {
  say("先看Roof，再看屋面。屋面好");
  index(false);
  const auto page = search("屋面 roof");
  ASSERT_EQ(page.hits.size(), 1U);
  std::vector<std::string> marked;
  for (const auto& [begin, end] : page.hits[0].marks) {
    marked.push_back(page.hits[0].document.text.substr(begin, end - begin));
  }
  EXPECT_EQ(marked, (std::vector<std::string>{"Roof", "屋面", "屋面"}));
}

TEST_F(SearchTest, NothingOfAnotherProjectIsFoundOrCounted) {
  const auto other = ProjectId::make();
  const auto mine = say("屋面渗漏");
  const auto theirs = say("屋面渗漏", "", "", other);
  index(false);
  EXPECT_EQ(found("屋面"), std::vector{mine});
  const auto both = search("屋面", {}, {project_, other});
  ASSERT_EQ(both.hits.size(), 2U);
  EXPECT_EQ(both.hits[0].event.id, theirs);
  EXPECT_EQ(both.hits[0].project, other);
  // A cursor into what is not asked for is no cursor.
  SearchQuery query;
  query.projects = {project_};
  query.typed = "屋面";
  query.after = theirs;
  EXPECT_EQ(reader_->search(query).error().kind(), ErrorKind::kInvalidArgument);
}

TEST_F(SearchTest, ConditionsHoldByThemselvesAndTogether) {
  const auto capture = CaptureId::make();
  open_capture(capture, "walkthrough", "北区", 1'700'000'000'000'000);
  const auto opened = event("capture.opened", capture);
  const auto north = say("屋面", "北区", "王工");
  const auto south = say("屋面", "南区", "李总");
  auto progress = event("progress", capture);
  progress.mutable_progress()->set_stage("主体结构");
  progress.mutable_progress()->set_text("屋面");
  archive_.add_event(project_, device_, progress);
  const auto stage = *EventId::from_bytes(progress.event_id());
  index(false);
  SearchFilter filter;
  filter.area = "北区";
  EXPECT_EQ(found("屋面", filter), std::vector{north});
  EXPECT_EQ(found("", filter).size(), 2U);  // with the walk-through
  filter.kind = "walkthrough";
  ASSERT_EQ(search("", filter).hits.size(), 1U);
  EXPECT_EQ(search("", filter).hits[0].capture->id, capture);
  EXPECT_EQ(found("屋面", {.area = "", .kind = "", .stage = "主体结构", .person = ""}),
            std::vector{stage});
  EXPECT_EQ(found("屋面", {.area = "", .kind = "note", .stage = "", .person = "李"}),
            std::vector{south});
  EXPECT_EQ(found("王工"), std::vector{north}) << "names are words too";
  SearchQuery query;
  query.projects = {project_};
  query.typed = "屋面";
  query.from_us = search("屋面", {.area = "南区", .kind = "", .stage = "", .person = ""})
                      .hits[0]
                      .event.stated_at_us;
  query.until_us = *query.from_us + 1;
  const auto then = reader_->search(query);
  ASSERT_TRUE(then.ok());
  ASSERT_EQ(then->hits.size(), 1U);
  EXPECT_EQ(then->hits[0].event.id, south);
}

TEST_F(SearchTest, AnOpeningThatWasStatedAnewIsFoundByItsNewTitleAlone) {
  const auto capture = CaptureId::make();
  for (const char* title : {"办公楼外墙", "办公楼屋顶"}) {
    auto opened = event("capture.opened", capture);
    opened.mutable_capture_opened()->set_capture_kind("photo");
    opened.mutable_capture_opened()->set_title(title);
    archive_.add_event(project_, device_, opened);
  }
  index(false);
  EXPECT_EQ(found("外墙").size(), 0U);
  EXPECT_EQ(found("屋顶").size(), 1U);
  EXPECT_EQ(found("办公楼").size(), 1U);
}

TEST_F(SearchTest, OfPlansTheOneInForceIsFound) {
  std::vector<std::string> parts;
  for (const char* name : {"钢柱吊装", "钢梁吊装", "钢板吊装"}) {
    auto part = event("plan.part", CaptureId::make());
    part.clear_capture_id();
    part.mutable_plan_part()->add_lines()->set_name(name);
    archive_.add_event(project_, device_, part);
    parts.push_back(part.event_id());
  }
  for (std::uint32_t number = 1; number <= 2; ++number) {
    auto frozen = event("plan.baselined", CaptureId::make());
    frozen.clear_capture_id();
    frozen.mutable_plan_baselined()->set_number(number);
    frozen.mutable_plan_baselined()->add_part_events(parts[number - 1]);
    archive_.add_event(project_, device_, frozen);
  }
  index(false);
  const auto page = search("吊装");
  ASSERT_EQ(page.hits.size(), 1U);
  EXPECT_EQ(page.hits[0].event.id.raw(), parts[1]);
  EXPECT_EQ(page.hits[0].document.kind, "plan");
}

TEST_F(SearchTest, PagesEqualBruteForceAlsoOfACrowdInOneMoment) {
  std::mt19937_64 random(5);
  std::vector<EventId> expected;
  const std::vector<std::string> words{"屋面", "墙面", "roof", "地面屋顶"};
  for (int i = 0; i < 900; ++i) {
    auto said = event("message", CaptureId::make());
    said.clear_capture_id();
    const std::string& text = words[random() % words.size()];
    said.mutable_message()->set_text(text);
    said.set_stated_at_us(1'700'000'000'000'000 + static_cast<std::int64_t>(random() % 3));
    archive_.add_event(project_, device_, said);
    if (text == "屋面") expected.push_back(*EventId::from_bytes(said.event_id()));
  }
  index(false);
  std::vector<EventId> paged;
  SearchQuery query;
  query.projects = {project_};
  query.typed = "屋面";
  query.limit = 7;
  do {
    const auto page = reader_->search(query);
    ASSERT_TRUE(page.ok());
    for (const SearchHit& hit : page->hits) paged.push_back(hit.event.id);
    query.after = page->next;
  } while (query.after);
  std::sort(paged.begin(), paged.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(paged, expected);
}

// Ids are chosen by devices: with ends that are equal they all ask for the same places.
TEST_F(SearchTest, EventsOfOneMomentWithEqualEndsOfTheirIdsAreAllFound) {
  std::vector<v1::Event> same;
  for (int i = 0; i < 300; ++i) {
    auto said = event("note", CaptureId::make());
    said.clear_capture_id();
    const std::string first = said.event_id().substr(0, kIdBytes / 2);
    said.set_event_id(first + std::string(kIdBytes / 2, '\0'));
    said.set_stated_at_us(1'700'000'000'000'000);
    said.mutable_note()->set_text("屋面");
    same.push_back(said);
    archive_.add_event(project_, device_, said);
  }
  const auto other = ProjectId::make();
  say("屋面", "", "", other);
  index(false);
  EXPECT_EQ(search("屋面", {}, {other}).hits.size(), 1U);
  const auto found_in = [&](IndexReader& reader) {
    std::set<EventId> ids;
    SearchQuery query;
    query.projects = {project_};
    query.typed = "屋面";
    query.from_us = 1'700'000'000'000'000;
    query.until_us = 1'700'000'000'000'001;
    do {
      const auto page = reader.search(query);
      EXPECT_TRUE(page.ok());
      if (!page.ok()) break;
      for (const SearchHit& hit : page->hits) ids.insert(hit.event.id);
      query.after = page->next;
    } while (query.after);
    return ids;
  };
  const auto ids = found_in(*reader_);
  EXPECT_EQ(ids.size(), same.size());

  // Delivered in another order.
  std::shuffle(same.begin(), same.end(), std::mt19937_64(7));
  TempDir dir;
  ArchiveBuilder shuffled{Layout(dir.path())};
  for (const v1::Event& said : same) shuffled.add_event(project_, device_, said);
  const auto path = new_index_path(shuffled.layout());
  ASSERT_TRUE(path.ok());
  ASSERT_TRUE(build_index(shuffled.layout(), *path, Log("test")).ok());
  ASSERT_TRUE(switch_index(shuffled.layout(), *path).ok());
  const auto reader = IndexReader::open(dir.path());
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(found_in(**reader), ids);
}

TEST_F(SearchTest, AnIndexBuiltAnewFindsTheSame) {
  for (int i = 0; i < 40; ++i) say("屋面 " + std::to_string(i), i % 2 == 0 ? "北区" : "", "王工");
  index(false);
  const auto again = dir_.path() / "again.db";
  ASSERT_TRUE(build_index(layout_, again, Log("test")).ok());
  const auto dump = [&](const std::filesystem::path& path) {
    std::vector<std::string> lines;
    EXPECT_TRUE(dump_index(path, [&](std::string_view line) { lines.emplace_back(line); }).ok());
    return lines;
  };
  const auto lines = dump(*current_index(layout_));
  EXPECT_EQ(lines, dump(again));
  EXPECT_GT(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) { return line.starts_with("search|"); }),
            40 * 4);
}

}  // namespace
}  // namespace sitecast::hub
