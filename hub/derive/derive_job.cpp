// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/derive_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

constexpr DeriveKind kKinds[] = {DeriveKind::kPhotoThumbnail, DeriveKind::kVideoThumbnail,
                                 DeriveKind::kSprite};

// The part up to the next dot, which is taken away with it.
std::string_view take_field(std::string_view& text) {
  const std::size_t dot = text.find('.');
  const std::string_view field = text.substr(0, dot);
  text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  return field;
}

}  // namespace

std::string_view name_of(DeriveKind kind) {
  switch (kind) {
    case DeriveKind::kPhotoThumbnail: return "photo-thumbnail";
    case DeriveKind::kVideoThumbnail: return "video-thumbnail";
    case DeriveKind::kSprite: return "sprite";
  }
  return "unknown";
}

std::string_view product_of(DeriveKind kind) {
  return kind == DeriveKind::kSprite ? "sprite" : "thumbnail";
}

std::filesystem::path pending_dir(const Layout& layout) {
  return layout.state_dir() / "derived" / "pending";
}

std::string pending_name(const DeriveJob& job) {
  return fmt::format("{}.{}.{}.{}", job.project.text(), job.capture.text(), name_of(job.kind),
                     job.track);
}

std::optional<DeriveJob> parse_pending_name(std::string_view name) {
  const auto project = ProjectId::parse(take_field(name));
  const auto capture = CaptureId::parse(take_field(name));
  const std::string_view kind_name = take_field(name);
  if (!project || !capture || !track_kind(name)) return std::nullopt;
  for (const DeriveKind kind : kKinds) {
    if (name_of(kind) == kind_name) return DeriveJob{kind, *project, *capture, std::string(name)};
  }
  return std::nullopt;
}

std::vector<DeriveJob> read_pending(const Layout& layout) {
  std::vector<DeriveJob> jobs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(pending_dir(layout), error)) {
    if (auto job = parse_pending_name(entry.path().filename().string())) {
      jobs.push_back(std::move(*job));
    }
  }
  std::ranges::sort(jobs, {}, &DeriveJob::capture);
  return jobs;
}

void remember_pending(const Layout& layout, const DeriveJob& job) {
  const std::ofstream file(pending_dir(layout) / pending_name(job));
}

void forget_pending(const Layout& layout, const DeriveJob& job) {
  std::error_code ignored;
  std::filesystem::remove(pending_dir(layout) / pending_name(job), ignored);
}

}  // namespace sitecast::hub
