// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "viewer/gateway/http/cursor.h"
#include "viewer/gateway/http/json_writer.h"
#include "viewer/gateway/http/range.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

void expect_range(std::string_view field, std::uint64_t first, std::uint64_t size) {
  const auto answer = parse_range(field, 1000);
  const auto* range = std::get_if<ByteRange>(&answer);
  ASSERT_NE(range, nullptr) << field;
  EXPECT_EQ(range->first, first) << field;
  EXPECT_EQ(range->size_bytes, size) << field;
}

TEST(RangeTest, OneRangeIsCutToTheFile) {
  expect_range("bytes=0-0", 0, 1);
  expect_range("bytes=990-2000", 990, 10);
  expect_range("bytes=500-", 500, 500);
  expect_range("bytes=-7", 993, 7);
  expect_range("bytes=-5000", 0, 1000);
}

TEST(RangeTest, OutsideIsUnsatisfiableAndNonsenseIsTheWhole) {
  for (const auto* field : {"bytes=1000-", "bytes=1000-1001", "bytes=-0"}) {
    EXPECT_TRUE(std::holds_alternative<UnsatisfiableRange>(parse_range(field, 1000))) << field;
  }
  for (const auto* field : {"", "bytes=", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b",
                            "bytes=99999999999999999999-"}) {
    EXPECT_TRUE(std::holds_alternative<WholeRange>(parse_range(field, 1000))) << field;
  }
}

TEST(RangeTest, ASliceCrossesThePiecesOfAFile) {
  const auto pieces = slice({{100, 10}, {500, 10}, {900, 10}}, {5, 18});
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].offset, 105U);
  EXPECT_EQ(pieces[0].size_bytes, 5U);
  EXPECT_EQ(pieces[1].size_bytes, 10U);
  EXPECT_EQ(pieces[2].offset, 900U);
  EXPECT_EQ(pieces[2].size_bytes, 3U);
}

TEST(JsonWriterTest, TextAlwaysParsesWhateverItHolds) {
  JsonWriter json;
  json.begin_array().value(std::string_view("\"\\\n\x01\xff云", 8)).end_array();
  EXPECT_EQ(std::move(json).take(), "[\"\\\"\\\\\\n\\u0001\xEF\xBF\xBD云\"]");
}

TEST(CursorTest, OnlyOurOwnCursorsAreTaken) {
  const Cursor cursor{-5, CaptureId::make()};
  const auto text = encode_cursor(cursor);
  EXPECT_EQ(decode_cursor(text), cursor);
  EXPECT_EQ(decode_cursor(text.substr(1)), std::nullopt);
  EXPECT_EQ(decode_cursor(text + "A"), std::nullopt);
  EXPECT_EQ(decode_cursor(""), std::nullopt);
}

TEST(QueryTest, BrokenEscapesAndRepeatedNamesAreRefused) {
  const auto pairs = parse_query("area=1%E5%8F%B7+Hall&limit=5");
  ASSERT_TRUE(pairs);
  EXPECT_EQ((*pairs)[0].second, "1号 Hall");
  for (const auto* query : {"a=%", "a=%0", "a=%zz", "a=%00", "a=%ff", "a=1&a=2"}) {
    EXPECT_FALSE(parse_query(query)) << query;
  }
}

TEST(FieldsTest, CodingsAndTagsAreComparedAsTheRfcSays) {
  EXPECT_TRUE(accepts_encoding("gzip, br;q=0.5", "br"));
  EXPECT_FALSE(accepts_encoding("gzip, br;q=0", "br"));
  EXPECT_FALSE(accepts_encoding("brotli", "br"));
  EXPECT_TRUE(matches_etag("\"a\", W/\"b\"", "\"b\""));
  EXPECT_TRUE(matches_etag("*", "\"b\""));
  EXPECT_FALSE(matches_etag("\"a\"", "\"b\""));
}

}  // namespace
}  // namespace sitecast::gateway
