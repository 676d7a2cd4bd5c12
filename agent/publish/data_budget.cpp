// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/data_budget.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "proto/base/file.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kLeastStepBytes = 1 << 20;
constexpr std::uint64_t kSteps = 100;  // of a whole budget: so many syncs a day
constexpr std::uint64_t kFileBytes = 256;
constexpr std::size_t kDayText = 10;

std::string day_of(std::int64_t wall_us) {
  const auto seconds = static_cast<std::time_t>(wall_us / 1'000'000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:%Y-%m-%d}", local);
}

}  // namespace

DataBudget::DataBudget(std::filesystem::path file, std::uint64_t limit_bytes, const Clock& clock,
                       Log log)
    : file_(std::move(file)),
      limit_bytes_(limit_bytes),
      step_bytes_(std::max(kLeastStepBytes, limit_bytes / kSteps)),
      clock_(clock),
      log_(std::move(log)) {
  load();
}

DataBudget::~DataBudget() {
  if (written_bytes_ != used_bytes_) write(used_bytes_);
}

// "2026-04-13 123456789"
void DataBudget::load() {
  const auto bytes = read_file(file_, kFileBytes);
  if (!bytes.ok()) {
    if (bytes.error().kind() != ErrorKind::kNotFound) {
      log_.warn("what was sent today is not known: {}", bytes.error().message());
    }
    return;
  }
  const std::string text = to_string(ByteView(*bytes));
  std::uint64_t used = 0;
  const char* const number = text.data() + std::min(text.size(), kDayText + 1);
  const auto [end, error] = std::from_chars(number, text.data() + text.size(), used);
  if (text.size() <= kDayText || text[kDayText] != ' ' || error != std::errc() ||
      (end != text.data() + text.size() && *end != '\n')) {
    log_.warn("what was sent today is not known: {} is damaged", file_.string());
    return;
  }
  day_ = text.substr(0, kDayText);
  used_bytes_ = written_bytes_ = used;
}

void DataBudget::begin_day_if_new() {
  std::string day = day_of(clock_.wall_us());
  if (day == day_) return;
  day_ = std::move(day);
  used_bytes_ = written_bytes_ = 0;
}

void DataBudget::add(std::uint64_t bytes) {
  begin_day_if_new();
  used_bytes_ += bytes;
  if (used_bytes_ > written_bytes_) write(used_bytes_ + step_bytes_);
}

std::uint64_t DataBudget::used_bytes() {
  begin_day_if_new();
  return used_bytes_;
}

std::uint64_t DataBudget::left_bytes() {
  return limit_bytes_ - std::min(limit_bytes_, used_bytes());
}

void DataBudget::write(std::uint64_t used_bytes) {
  // Also when it fails: the next try is a step later, not with every part.
  written_bytes_ = used_bytes;
  const std::string text = fmt::format("{} {}\n", day_, used_bytes);
  const Status status = write_file_durably(file_, as_bytes(text));
  if (!status.ok() && !failed_) {
    log_.warn("what was sent today cannot be kept: {}", status.error().message());
  }
  failed_ = !status.ok();
}

}  // namespace sitecast::agent
