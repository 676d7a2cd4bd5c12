// SPDX-License-Identifier: Apache-2.0
#include "hub/index/dump.h"

#include <array>
#include <string>

#include "hub/index/capture_row.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {
namespace {

struct Part {
  std::string_view table;
  int columns;
  std::string sql;
};

std::array<Part, 14> parts() {
  return {{
      {"project", 5,
       "select project_id, capture_count, stated_at_us, stated_event, statement from project"
       " order by 1"},
      {"member", 5,
       "select user, project_id, role, stated_at_us, stated_event from member order by 1, 2"},
      {"capture", 25, "select " + kCaptureColumns + " from capture order by 1"},
      {"event", 10,
       "select event_id, project_id, device_id, kind, stated_at_us, received_at_us, capture_id,"
       " media_time_us, area, event from event order by 1"},
      {"request", 5,
       "select project_id, closed, stated_at_us, request_id, device_id from request order by 1, 4"},
      {"request_step", 5,
       "select project_id, request_id, stated_at_us, event_id, kind from request_step"
       " order by 1, 2, 3, 4"},
      {"plan_baseline", 5,
       "select project_id, number, stated_at_us, stated_event, statement from plan_baseline"
       " order by 1, 2"},
      {"plan_statement", 9,
       "select project_id, item_id, stated_at_us, event_id, kind, percentage, capture_id, filmed,"
       " seen_at_us from plan_statement"
       " order by 1, 2, 3, 4"},
      {"search_doc", 1, "select event_id from search_doc join event using (event_row) order by 1"},
      {"search", 2,
       "select term, event_id from search_term join search_doc on place = doc"
       " join event using (event_row) order by 1, 2"},
      {"track", 18,
       "select capture_id, name, project_id, capture_complete, part_count_stated, timescale, "
       "codec, codec_sequence, part_count, part_count_total,"
       " size_bytes, first_media_time, end_media_time, end_sequence, file_name, media_type,"
       " file_size_bytes, indexed_bytes from track order by 1, 2"},
      {"track_row", 5,
       "select capture_id, name, row_number, first_sequence, cells from track_row"
       " join track using (track_id) order by 1, 2, 3"},
      {"init_segment", 6,
       "select capture_id, name, init_hash8, content.codec, content.sha256, content.init_segment"
       " from init_segment join init_content as content using (content_id) join track using "
       "(track_id)"
       " order by 1, 2, 3"},
      {"log_position", 2, "select project_id, indexed_bytes from log_position order by 1"},
  }};
}

}  // namespace

Status dump_index(const std::filesystem::path& index,
                  const std::function<void(std::string_view line)>& line) {
  SC_TRY_ASSIGN(auto database, Database::open_reader(index));
  SC_TRY_ASSIGN(auto transaction, Transaction::begin_read(database));
  for (const Part& part : parts()) {
    SC_TRY_ASSIGN(auto select, database.prepare(part.sql));
    for (;;) {
      SC_TRY_ASSIGN(const bool more, select.step());
      if (!more) break;
      std::string text(part.table);
      for (int column = 0; column < part.columns; ++column) {
        text += '|';
        // Text of ours may hold any character; as hex it cannot be mistaken for a separator.
        if (select.is_blob(column) || select.is_text(column)) {
          text += hex_encode(select.blob(column));
        } else if (!select.is_null(column)) {
          text += select.text(column);
        }
      }
      line(text);
    }
  }
  return Ok{};
}

}  // namespace sitecast::hub
