// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/device_handlers.h"

#include <algorithm>

#include "proto/codec/control.h"
#include "viewer/gateway/http/json_writer.h"
#include "viewer/gateway/live/device_table.h"

namespace sitecast::gateway {
namespace {

std::string_view name_of(Presence presence) {
  switch (presence) {
    case Presence::kOnline: return "online";
    case Presence::kGone: return "gone";
    case Presence::kLost: return "lost";
    case Presence::kUnknown: return "unknown";
  }
  return "";
}

bool waits(const v1::DeviceStatus& said) {
  return said.waiting_captures() + said.waiting_events() > 0;
}

// A device that is away says nothing: why its things wait is plain.
std::string_view cause_now(Presence presence, std::string_view said) {
  // No connection would help these.
  if (said == waiting::kRefused || said == waiting::kDamagedOnDevice) return said;
  if (presence == Presence::kLost) return waiting::kNoLink;
  if (presence == Presence::kGone) return waiting::kAgentNotRunning;
  return said;
}

std::optional<std::int64_t> since_us(const DeviceHolding& device) {
  if (device.presence == Presence::kLost || device.presence == Presence::kGone) {
    return device.gone_at_us;
  }
  if (device.said.waiting_since_us() == 0) return std::nullopt;
  return device.said.waiting_since_us();
}

void write_item(JsonWriter& json, const v1::HeldItem& item, Presence presence) {
  std::string_view state = item.state();
  const bool away = presence == Presence::kLost || presence == Presence::kGone;
  if (away && state == held::kSending) state = held::kOnDevice;
  if (presence == Presence::kGone && state == held::kRecording) state = held::kOnDevice;
  json.begin_object();
  json.member("capture_id", CaptureId::from_bytes(item.capture_id()).value_or(CaptureId()).text());
  json.member("kind", item.kind()).member("area", item.area());
  json.member("captured_at_us", item.captured_at_us()).member("state", state);
  json.member("cause", state == held::kAtHub ? "" : cause_now(presence, item.cause()));
  json.member("waiting_ms", item.waiting_ms()).member("waiting_bytes", item.waiting_bytes());
  json.member("size_bytes", item.size_bytes());
  json.end_object();
}

void write_device(JsonWriter& json, const DeviceHolding& device) {
  const v1::DeviceStatus& said = device.said;
  const bool online = device.presence == Presence::kOnline;
  json.begin_object();
  json.member("device_id", device.device.text()).member("name", said.device_name());
  json.member("presence", name_of(device.presence));
  json.member("filming", said.live_size() > 0);
  json.member("seen_at_us", device.seen_at_us);
  json.member("as_of_us", said.at_us());
  json.member("cause", waits(said) ? cause_now(device.presence, said.waiting_cause()) : "");
  json.member("since_us", waits(said) || !online ? since_us(device) : std::nullopt);
  json.member("waiting_ms", said.waiting_ms()).member("waiting_bytes", said.waiting_bytes());
  json.member("waiting_captures", said.waiting_captures());
  json.member("waiting_events", said.waiting_events());
  json.member("delivered_kbps", online ? said.delivered_kbps() : 0);
  std::optional<std::uint64_t> remaining_ms;
  if (online && said.remaining_ms() > 0) remaining_ms = said.remaining_ms();
  json.member("remaining_ms", remaining_ms);
  json.member("trouble", said.trouble());
  json.member("stored_bytes", said.stored_bytes()).member("quota_bytes", said.quota_bytes());
  json.member("sent_today_bytes", said.sent_today_bytes());
  json.member("daily_budget_bytes", said.daily_budget_bytes());
  json.key("items").begin_array();
  for (const v1::HeldItem& item : said.items()) write_item(json, item, device.presence);
  json.end_array().end_object();
}

}  // namespace

Response show_devices(const ReadContext& context) {
  const auto devices = context.devices.of(context.project);
  std::uint64_t waiting_ms = 0, captures = 0;
  bool network = false;
  for (const auto& device : devices) {
    waiting_ms += device.said.waiting_ms();
    captures += device.said.waiting_captures();
    network =
        network || (waits(device.said) &&
                    cause_now(device.presence, device.said.waiting_cause()) == waiting::kNoLink);
  }
  JsonWriter json;
  json.begin_object().key("waiting").begin_object();
  json.member("duration_ms", waiting_ms).member("captures", captures);
  json.member("for_network", network).end_object();
  json.key("devices");
  const Object object{ObjectKind::kProject, context.project};
  if (decide(context.subject, Action::kInspect, object) == Decision::kAllow) {
    json.begin_array();
    for (const auto& device : devices) write_device(json, device);
    json.end_array();
  } else {
    json.value(nullptr);
  }
  json.end_object();
  return json_response(std::move(json).take());
}

}  // namespace sitecast::gateway
