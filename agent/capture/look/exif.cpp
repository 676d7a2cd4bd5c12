// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/look/exif.h"

#include <cmath>
#include <exiv2/exiv2.hpp>
#include <mutex>
#include <optional>
#include <string>

#include "proto/base/text.h"
#include "proto/codec/limits.h"

namespace sitecast::agent {
namespace {

constexpr std::size_t kTimeTextBytes = 32;  // as an event may hold; a time takes 19, an offset 6

// exiv2's XMP parser, which runs whenever a file is read, has state that all threads share.
std::mutex& library_lock() {
  static std::mutex mutex;
  static std::once_flag once;
  std::call_once(once, [] { Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute); });
  return mutex;
}

std::string text_of(const Exiv2::ExifData& exif, const char* key,
                    std::size_t limit_bytes = limits::kNameBytes) {
  const auto entry = exif.findKey(Exiv2::ExifKey(key));
  if (entry == exif.end()) return {};
  return clean_text(entry->toString(), limit_bytes);
}

std::string first_of(const Exiv2::ExifData& exif, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    std::string text = text_of(exif, key, kTimeTextBytes);
    if (!text.empty()) return text;
  }
  return {};
}

// Three rationals: degrees, minutes, seconds.
std::optional<double> degrees_of(const Exiv2::ExifData& exif, const char* key,
                                 const char* reference, char negative, double limit) {
  const auto entry = exif.findKey(Exiv2::ExifKey(key));
  if (entry == exif.end() || entry->count() < 3) return std::nullopt;
  double degrees = 0;
  double unit = 1;
  for (long i = 0; i < 3; ++i) {
    const Exiv2::Rational value = entry->toRational(i);
    if (value.second == 0) {
      if (i == 0) return std::nullopt;
      break;
    }
    degrees += double(value.first) / double(value.second) / unit;
    unit *= 60;
  }
  if (!std::isfinite(degrees) || degrees < 0 || degrees > limit) return std::nullopt;
  const std::string sign = text_of(exif, reference);
  return !sign.empty() && sign[0] == negative ? -degrees : degrees;
}

void read(const Exiv2::ExifData& exif, v1::PhotoMetadata& photo) {
  const auto orientation = exif.findKey(Exiv2::ExifKey("Exif.Image.Orientation"));
  if (orientation != exif.end() && orientation->count() > 0) {
    const long value = orientation->toLong();
    if (value >= 1 && value <= 8) photo.set_orientation(static_cast<std::uint32_t>(value));
  }
  photo.set_exif_time(first_of(exif, {"Exif.Photo.DateTimeOriginal", "Exif.Photo.DateTimeDigitized",
                                      "Exif.Image.DateTime"}));
  photo.set_exif_offset(first_of(exif, {"Exif.Photo.OffsetTimeOriginal", "Exif.Photo.OffsetTime"}));
  std::string camera = text_of(exif, "Exif.Image.Make");
  const std::string model = text_of(exif, "Exif.Image.Model");
  if (model.compare(0, camera.size(), camera) == 0) {
    camera = model;  // many models name their make already
  } else if (!model.empty()) {
    camera += " " + model;
  }
  photo.set_camera(clean_text(camera, limits::kNameBytes));
  const auto latitude =
      degrees_of(exif, "Exif.GPSInfo.GPSLatitude", "Exif.GPSInfo.GPSLatitudeRef", 'S', 90);
  const auto longitude =
      degrees_of(exif, "Exif.GPSInfo.GPSLongitude", "Exif.GPSInfo.GPSLongitudeRef", 'W', 180);
  if (latitude && longitude) {
    photo.set_has_gps(true);
    photo.set_latitude_deg(*latitude);
    photo.set_longitude_deg(*longitude);
  }
}

}  // namespace

void read_exif_of_file(ByteView file, v1::PhotoMetadata& photo) {
  const std::lock_guard lock(library_lock());
  try {
    const auto image = Exiv2::ImageFactory::open(file.data(), static_cast<long>(file.size()));
    image->readMetadata();
    read(image->exifData(), photo);
  } catch (const std::exception&) {  // broken metadata are no reason to refuse a picture
  }
}

void read_exif_of_tiff(ByteView tiff, v1::PhotoMetadata& photo) {
  const std::lock_guard lock(library_lock());
  try {
    Exiv2::ExifData exif;
    Exiv2::ExifParser::decode(exif, tiff.data(), static_cast<std::uint32_t>(tiff.size()));
    read(exif, photo);
  } catch (const std::exception&) {  // as above
  }
}

}  // namespace sitecast::agent
