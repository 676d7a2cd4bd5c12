// SPDX-License-Identifier: Apache-2.0
#include "agent/encode/encoder_element.h"

#include <fmt/format.h>

namespace sitecast::agent {

std::string encoder_description(const EncoderProfile& profile, const EncoderRate& rate) {
  const std::string properties =
      fmt::format(fmt::runtime(profile.properties), fmt::arg("kbps", rate.bitrate_kbps),
                  fmt::arg("bps", std::uint64_t{rate.bitrate_kbps} * 1000),
                  fmt::arg("buffer_ms", rate.buffer_ms), fmt::arg("gop", rate.key_interval_frames));
  return fmt::format(
      "{} name={} {} ! {}video/x-h264,stream-format=avc,alignment=au,"
      "profile=(string){{high,main,constrained-high,constrained-baseline}}",
      profile.element, kEncoderElementName, properties, profile.makes_avc ? "" : "h264parse ! ");
}

}  // namespace sitecast::agent
