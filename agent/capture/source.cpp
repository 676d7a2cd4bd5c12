// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/source.h"

#include "agent/capture/file_source.h"
#include "agent/capture/live_source.h"
#include "agent/capture/paired_source.h"

namespace sitecast::agent {

Result<std::unique_ptr<Source>> open_source(const SourceSpec& spec, const AudioSpec& audio,
                                            const SourceOptions& options, SourceSink& sink) {
  if (spec.kind != SourceKind::kFile) {
    if (options.loop) return invalid_argument("--loop is for file sources");
    return LiveSource::open(spec, audio, options, sink);
  }
  if (!audio.fragment.empty()) return PairedSource::open(spec, audio, options, sink);
  return FileSource::open(spec.value, !audio.off, options, sink);
}

}  // namespace sitecast::agent
