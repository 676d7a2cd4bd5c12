// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/paired_source.h"

#include "agent/capture/file_source.h"
#include "agent/capture/live_source.h"

namespace sitecast::agent {

Result<std::unique_ptr<Source>> PairedSource::open(const SourceSpec& file, const AudioSpec& audio,
                                                   const SourceOptions& options, SourceSink& sink) {
  if (!options.paced) {
    return invalid_argument(
        "sound from life goes only with a file that is played at its own speed");
  }
  std::unique_ptr<PairedSource> source(new PairedSource(sink));
  SC_TRY_ASSIGN(source->pictures_, FileSource::open(file.value, false, options, *source));
  if (!source->pictures_->info().has_video) {
    return invalid_argument("the file has no pictures to go with that sound: " + file.value);
  }
  SC_TRY_ASSIGN(source->sound_, LiveSource::open_sound(audio, *source));
  return std::unique_ptr<Source>(std::move(source));
}

SourceInfo PairedSource::info() const {
  SourceInfo info = pictures_->info();
  info.has_audio = true;
  return info;
}

Status PairedSource::start() {
  SC_TRY(sound_->start());
  return pictures_->start();
}

void PairedSource::stop() {
  if (pictures_) pictures_->stop();
  if (sound_) sound_->stop();
}

std::optional<Error> PairedSource::take_error() {
  if (auto error = pictures_->take_error()) return error;
  return sound_->take_error();
}

void PairedSource::on_track_ended(MediaKind kind) {
  sink_.on_track_ended(kind);
  if (kind == MediaKind::kVideo) sink_.on_track_ended(MediaKind::kAudio);
}

}  // namespace sitecast::agent
