// SPDX-License-Identifier: Apache-2.0
// What people direct to this device, as the JSON that commands say (README.md, "JSON").
// Thread-safety: pure functions; a DirectionNews belongs to one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "agent/direction/inbox.h"
#include "proto/base/result.h"

namespace sitecast::agent {

nlohmann::json make_request_report(const KeptRequest& request);
// Of `requests`: all that are open.
nlohmann::json make_requests_report(const std::vector<KeptRequest>& requests);

// The newest pins and messages of others, oldest first.
nlohmann::json make_said_report(const std::vector<Direction>& said, std::size_t most);

// The request that people mean by an id or by its last characters, at least four. kNotFound,
// kInvalidArgument when several end so.
Result<KeptRequest> find_request(const std::vector<KeptRequest>& requests, const std::string& id);

// What has come since it was last asked: one object for each pin and message, for each request that
// is new, changed (by others) or closed.
class DirectionNews {
 public:
  // What is there already is no news; with `open_first` the requests that are open are.
  DirectionNews(const Inbox& inbox, bool open_first);
  std::vector<nlohmann::json> take();

 private:
  const Inbox& inbox_;
  std::uint64_t revision_ = 0;
  std::set<EventId> said_;
  std::map<EventId, nlohmann::json> requests_;  // as last told
};

}  // namespace sitecast::agent
