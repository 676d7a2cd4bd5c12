// SPDX-License-Identifier: Apache-2.0
#include "hub/open_state.h"

#include "hub/index/open_index.h"
#include "hub/verify/head_check.h"

namespace sitecast::hub {

Result<HubState> open_state(const HubConfig& config, EnrolledView& enrolled, const Clock& clock,
                            const Log& log) {
  const Layout layout(config.state_dir);
  HubState state;
  SC_TRY(make_folders_durably(layout.state_dir()));
  auto lock = FileLock::acquire(layout.lock_file());
  if (!lock.ok()) return lock.error().within("another hub writes this state");
  state.lock = std::make_unique<FileLock>(std::move(*lock));
  SC_TRY_ASSIGN(state.records, EnrolmentDb::open(layout, clock));
  SC_TRY_ASSIGN(auto known, state.records->enrolled());
  enrolled.set(std::move(known));
  SC_TRY_ASSIGN(const DeviceId gateway, state.records->gateway_device());
  SC_TRY(write_file_durably(layout.gateway_device(), as_bytes(gateway.text() + "\n")));
  SC_TRY_ASSIGN(state.index, open_index(layout, log));
  const auto check_head = [&enrolled](const TrackKey& key, DeviceId device,
                                      const v1::SignedHead& head, const RunningHash& running) {
    return head_is_genuine(*enrolled.get(), key, device, head, running);
  };
  SC_TRY_ASSIGN(state.archive, Archive::open(layout, {config.reserve_bytes}, clock, check_head,
                                             log.child("archive")));
  // The archive asks the index for events it has seen, so the index must have all of them first.
  SC_TRY(state.index->apply(state.archive->recovered(), clock.monotonic_us(), true));
  // If that fails, the next start takes longer.
  if (const Status settled = state.archive->settle_recovered(); !settled.ok()) {
    log.warn("list of touched tracks: {}", settled.error().message());
  }
  return state;
}

}  // namespace sitecast::hub
