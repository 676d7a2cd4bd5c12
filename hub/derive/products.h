// SPDX-License-Identifier: Apache-2.0
// What is kept of a worker's answer, checked before it is kept, and what is kept of its failures.
//   STATE/derived/…/thumbnail.jpg, sprite.jpg, sprite.json   made whole and renamed into place
//   STATE/derived/…/failed.json   {"thumbnail":{"attempts":3,"cause":"…"},"sprite":{…}}
// Owner thread: the launcher's; blocking on disk.
#pragma once

#include <cstdint>
#include <string_view>

#include "hub/derive/derive_job.h"
#include "hub/derive/job_input.h"
#include "proto/base/result.h"

namespace sitecast::hub {

// kDataLoss: the answer is not what the job should make.
Status store_product(const Layout& layout, const DeriveJob& job, const DeriveInput& input,
                     ByteView answer);
bool has_product(const Layout& layout, const DeriveJob& job);

// Attempts made so far at what `job` makes.
std::uint32_t failed_attempts(const Layout& layout, const DeriveJob& job);
Status record_failure(const Layout& layout, const DeriveJob& job, std::uint32_t attempts,
                      std::string_view cause);
void clear_failure(const Layout& layout, const DeriveJob& job);

}  // namespace sitecast::hub
