// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/photo_time.h"

#include <cstdio>
#include <ctime>
#include <string>

namespace sitecast::agent {
namespace {

// Minutes east of UTC of "+08:00"; nullopt unless exactly that form.
std::optional<int> offset_minutes(const std::string& text) {
  int hours = 0;
  int minutes = 0;
  char sign = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%c%2d:%2d%c", &sign, &hours, &minutes, &rest) != 3 ||
      (sign != '+' && sign != '-') || hours < 0 || hours > 14 || minutes < 0 || minutes > 59) {
    return std::nullopt;
  }
  return (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
}

}  // namespace

std::optional<std::int64_t> exif_time_us(const v1::PhotoMetadata& photo) {
  std::tm time{};
  if (std::sscanf(photo.exif_time().c_str(), "%4d:%2d:%2d %2d:%2d:%2d", &time.tm_year, &time.tm_mon,
                  &time.tm_mday, &time.tm_hour, &time.tm_min, &time.tm_sec) != 6) {
    return std::nullopt;
  }
  // Cameras without a clock write zeros.
  if (time.tm_year < 1990 || time.tm_year > 2200 || time.tm_mon < 1 || time.tm_mon > 12 ||
      time.tm_mday < 1 || time.tm_mday > 31 || time.tm_hour > 23 || time.tm_min > 59 ||
      time.tm_sec > 60) {
    return std::nullopt;
  }
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  time.tm_isdst = -1;
  const auto offset = offset_minutes(photo.exif_offset());
  const std::time_t seconds = offset ? timegm(&time) - *offset * 60 : std::mktime(&time);
  return static_cast<std::int64_t>(seconds) * 1'000'000;
}

}  // namespace sitecast::agent
