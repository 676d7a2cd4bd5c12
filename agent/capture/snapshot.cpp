// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/snapshot.h"

#include <gst/app/app.h>

#include <ctime>
#include <utility>

#include "agent/capture/file_blocks.h"
#include "agent/capture/file_capture.h"
#include "agent/capture/picture_header.h"
#include "agent/capture/vision_watch.h"
#include "agent/gst/buffer.h"
#include "agent/gst/pipeline.h"
#include "proto/base/sha256.h"

namespace sitecast::agent {
namespace {

constexpr GstClockTime kJpegLimit = 5 * GST_SECOND;

std::string file_name(std::int64_t captured_at_us) {
  const std::time_t seconds = captured_at_us / 1'000'000;
  std::tm time{};
  localtime_r(&seconds, &time);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S.jpg", &time);
  return text;
}

}  // namespace

Result<Bytes> encode_jpeg(GstSample* picture) {
  // videoconvert sees to the range: jpegenc itself would store video levels as if they were full
  // range.
  SC_TRY_ASSIGN(gst::Pipeline pipeline,
                gst::Pipeline::parse("appsrc name=input format=time num-buffers=1 ! videoconvert ! "
                                     "video/x-raw,format=I420,colorimetry=(string)1:4:0:0 ! "
                                     "jpegenc quality=92 ! appsink name=output sync=false"));
  const auto input = pipeline.element("input");
  const auto output = pipeline.element("output");
  gst_app_src_set_caps(GST_APP_SRC(input.get()), gst_sample_get_caps(picture));
  SC_TRY(pipeline.set_state(GST_STATE_PLAYING));
  gst_app_src_push_buffer(GST_APP_SRC(input.get()),
                          gst_buffer_copy(gst_sample_get_buffer(picture)));
  const auto jpeg = gst::GstPtr<GstSample>::adopt(
      gst_app_sink_try_pull_sample(GST_APP_SINK(output.get()), kJpegLimit));
  if (!jpeg) {
    if (auto error = pipeline.take_error()) return *error;
    return internal_error("the picture could not be made into a JPEG");
  }
  return gst::bytes_of(gst_sample_get_buffer(jpeg.get()));
}

Result<CaptureId> store_snapshot(GstSample* picture, const SnapshotOptions& options,
                                 CaptureStore& store) {
  SC_TRY_ASSIGN(const Bytes jpeg, encode_jpeg(picture));
  SC_TRY_ASSIGN(const PictureHeader header, read_jpeg_header(jpeg));
  FileCaptureOptions capture;
  capture.project = options.project;
  capture.kind = "photo";
  capture.area = options.area;
  capture.note = options.note;
  capture.source = "snapshot";
  capture.captured_at_us = options.captured_at_us;
  capture.demonstration = options.demonstration;
  capture.boot_count = options.boot_count;
  capture.photo.set_width(header.width_px);
  capture.photo.set_height(header.height_px);
  capture.photo.set_orientation(1);

  v1::FileInfo info;
  info.set_name(file_name(options.captured_at_us));
  info.set_media_type("image/jpeg");
  info.set_size_bytes(jpeg.size());
  const Hash digest = sha256(jpeg);
  info.set_sha256(digest.data(), digest.size());
  capture.title = info.name();
  if (const auto measure = measure_sample(picture)) {
    if (const Quality quality = judge_quality(*measure); quality != Quality::kGood) {
      v1::QualityWarning warning;
      warning.set_warning(std::string(warning_name(quality)));
      warning.set_active(true);
      warning.set_value(deciding_value(*measure, quality));
      capture.warnings.push_back(std::move(warning));
    }
  }
  return store_capture_of_file(capture, "image", store, [&](CaptureWriter& writer) {
    return FileBlocks(writer, "image", info).append(jpeg);
  });
}

}  // namespace sitecast::agent
