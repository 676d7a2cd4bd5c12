// SPDX-License-Identifier: Apache-2.0
// The pictures of a file with sound from life: a clip without sound in a demonstration, say. Both
// begin at the same moment; when the file is over, so is the sound. Threads: those of the two
// sources inside.
#pragma once

#include <memory>

#include "agent/capture/source.h"

namespace sitecast::agent {

class PairedSource final : public Source, private SourceSink {
 public:
  static Result<std::unique_ptr<Source>> open(const SourceSpec& file, const AudioSpec& audio,
                                              const SourceOptions& options, SourceSink& sink);
  ~PairedSource() override { stop(); }

  [[nodiscard]] SourceInfo info() const override;
  Status start() override;
  void stop() override;
  std::optional<Error> take_error() override;
  Status verdict() override { return pictures_->verdict(); }

 private:
  explicit PairedSource(SourceSink& sink) : sink_(sink) {}
  void on_media(MediaKind kind, RawMedia media) override { sink_.on_media(kind, std::move(media)); }
  void on_picture_skipped() override { sink_.on_picture_skipped(); }
  void on_track_ended(MediaKind kind) override;

  SourceSink& sink_;
  std::unique_ptr<Source> pictures_;
  std::unique_ptr<Source> sound_;
};

}  // namespace sitecast::agent
