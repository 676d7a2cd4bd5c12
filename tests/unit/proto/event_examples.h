// SPDX-License-Identifier: Apache-2.0
// One valid event of each known kind, with fixed ids and times.
#pragma once

#include <string>
#include <vector>

#include "proto/codec/event_rules.h"

namespace sitecast {

inline std::string example_id(char last) {
  return std::string("\x01\x93\x5a\x7c\x80\x01\x70\x01\x80\x01\x02\x03\x04\x05\x06", 15) + last;
}

inline v1::Event example_event(const std::string& kind) {
  v1::Event event;
  event.set_event_id(example_id('e'));
  event.set_kind(kind);
  event.set_stated_at_us(1'732'500'000'000'000);
  if (kind == "project.stated") {
    auto& project = *event.mutable_project();
    project.set_name("锂电池隔膜项目");
    project.set_name_en("Separator film plant");
    project.set_place("嘉兴");
    project.set_time_zone("Asia/Shanghai");
    project.add_areas("1号厂房");
    project.add_areas("辅助用房");
    project.add_stages("主体结构");
    return event;
  }
  if (kind == "member.added" || kind == "member.removed") {
    event.mutable_member()->set_user("li");
    event.mutable_member()->set_role("owner");
    return event;
  }
  if (kind == "plan.part") {
    v1::PlanLine& line = *event.mutable_plan_part()->add_lines();
    line.set_item_id(example_id('i'));
    line.set_source_row(7);
    line.set_level(2);
    line.set_name("钢柱吊装");
    line.set_area("1#厂房");
    line.set_start_day(20'500);
    line.set_finish_day(20'520);
    v1::PlanLineLink& link = *line.add_predecessors();
    link.set_item_id(example_id('j'));
    link.set_type("FS");
    link.set_lag_days(-2);
    return event;
  }
  if (kind == "plan.baselined") {
    v1::PlanBaselined& plan = *event.mutable_plan_baselined();
    plan.set_number(2);
    plan.add_part_events(example_id('p'));
    plan.set_line_count(1);
    plan.set_sheet_sha256(std::string(32, 's'));
    plan.set_file_name("计划表.xlsx");
    plan.set_format("xlsx");
    plan.set_ignored_count(1);
    plan.add_ignored()->set_code("row_sum");
    return event;
  }
  if (kind == "request") {
    v1::ShotRequest& request = *event.mutable_request();
    event.set_area("辅助用房");
    request.set_text("请拍一下水泵房的管道接口");
    request.set_due_day(20'510);
    request.set_device_id(example_id('d'));
    request.add_shots("入口阀门");
    request.add_shots("2号泵");
    return event;
  }
  if (kind == "request.accepted" || kind == "request.closed") {
    event.mutable_request_step()->set_request_id(example_id('r'));
    event.mutable_request_step()->set_text("明天上午");
    return event;
  }
  event.set_capture_id(example_id('c'));
  if (kind == "request.answered") {
    event.set_has_media_time(true);
    event.set_media_time_us(42'000'000);
    event.mutable_request_step()->set_request_id(example_id('r'));
    event.mutable_request_step()->set_shot(2);
    return event;
  }
  if (kind == "pin") {
    event.set_has_media_time(true);
    event.set_media_time_us(12'500'000);
    event.mutable_pin()->set_x(0.25);
    event.mutable_pin()->set_y(1);
    event.mutable_pin()->set_text("这里是什么？");
    return event;
  }
  if (kind == "message") {
    event.mutable_message()->set_text("请往左一点");
    return event;
  }
  if (kind.starts_with("milestone.")) {
    event.mutable_milestone()->set_plan_item(example_id('i'));
    event.mutable_milestone()->set_text("屋面已封闭");
    return event;
  }
  if (kind == "capture.opened") {
    auto& opened = *event.mutable_capture_opened();
    opened.set_capture_kind("photo");
    opened.set_captured_at_us(1'732'499'999'000'000);
    opened.add_tracks("image");
    opened.set_title("屋面");
    opened.set_continues(example_id('b'));
    opened.set_source("file");
    opened.set_boot_count(3);
    auto& photo = *opened.mutable_photo();
    photo.set_width(4'000);
    photo.set_height(3'000);
    photo.set_orientation(6);
    photo.set_exif_time("2024:11:25 09:59:59");
    photo.set_exif_offset("+08:00");
    photo.set_has_gps(true);
    photo.set_latitude_deg(30.75);
    photo.set_longitude_deg(120.75);
    photo.set_camera("Pixel 4");
  } else if (kind == "capture.closed") {
    auto& closed = *event.mutable_capture_closed();
    auto& end = *closed.add_tracks();
    end.set_track("video");
    end.set_part_count(300);
    end.set_running_hash(std::string(32, 'r'));
    end.mutable_head()->set_sequence(299);
    end.mutable_head()->set_running_hash(std::string(32, 'r'));
    end.mutable_head()->set_signature(std::string(64, 's'));
    closed.add_tracks()->set_track("audio");
    closed.set_reason("stopped");
  } else if (kind == "note") {
    event.set_has_media_time(true);
    event.set_media_time_us(12'500'000);
    event.set_area("1号厂房");
    event.mutable_note()->set_text("墙体已完成\n窗户未装");
  } else if (kind == "progress") {
    event.set_area("1号厂房");
    event.mutable_progress()->set_stage("主体结构");
    event.mutable_progress()->set_has_percentage(true);
    event.mutable_progress()->set_percentage(92.5);
  } else if (kind == "quality") {
    event.set_has_media_time(true);
    event.mutable_quality()->set_warning("too_dark");
    event.mutable_quality()->set_active(true);
    event.mutable_quality()->set_value(11.25);
  } else if (kind == "gap") {
    event.mutable_gap()->set_track("video");
    event.mutable_gap()->set_from_us(1'000'000);
    event.mutable_gap()->set_until_us(2'000'000);
    event.mutable_gap()->set_reason("disk_full");
  }
  return event;
}

}  // namespace sitecast
