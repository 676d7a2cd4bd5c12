// SPDX-License-Identifier: Apache-2.0
#include "hub/administer.h"

#include "hub/administration.h"
#include "hub/control_socket.h"
#include "hub/open_state.h"
#include "proto/base/text.h"

namespace sitecast::hub {
namespace {

// JSON holds nothing else: on its way to a running hub other bytes would silently become U+FFFD.
Status check_utf8(const std::string& name, const nlohmann::json& value) {
  if (value.is_string() && !is_utf8(value.get_ref<const std::string&>())) {
    return invalid_argument(name + " is not valid UTF-8");
  }
  if (!value.is_structured()) return Ok{};
  for (const auto& [key, item] : value.items()) {
    SC_TRY(check_utf8(value.is_array() ? name : key, item));
  }
  return Ok{};
}

Result<nlohmann::json> administer_here(const HubConfig& config, const nlohmann::json& request) {
  const Log log("hub");
  const SystemClock clock;
  EnrolledView enrolled;
  SC_TRY_ASSIGN(HubState state, open_state(config, enrolled, clock, log));
  const auto state_event = [&](ProjectId project, const v1::Event& event) -> Status {
    const std::string bytes = event.SerializeAsString();
    const Verdict verdict =
        state.archive->store(Sender{project, DeviceId(), true},
                             EventToStore{*EventId::from_bytes(event.event_id()), event.kind(),
                                          std::nullopt, clock.wall_us(), as_bytes(bytes)});
    if (verdict.kind == Verdict::Kind::kRefused) return failed_precondition(verdict.detail);
    const Committed committed = state.archive->commit();
    if (!committed.failed_logs.empty()) {
      return failed_precondition(committed.failed_logs.begin()->second.detail);
    }
    SC_TRY(state.index->apply(committed.work, clock.monotonic_us(), true));
    return Ok{};
  };
  Administration administration({state.records.get(), &enrolled, &clock, state_event, nullptr});
  SC_TRY_ASSIGN(auto result, administration.handle(request));
  SC_TRY(state.archive->close_cleanly());
  return result;
}

}  // namespace

Result<nlohmann::json> administer(const HubConfig& config, const nlohmann::json& request) {
  SC_TRY(check_utf8("the request", request));
  SC_TRY_ASSIGN(auto answer, ask_running_hub(Layout(config.state_dir).control_socket(), request));
  if (answer) return std::move(*answer);
  return administer_here(config, request);
}

}  // namespace sitecast::hub
