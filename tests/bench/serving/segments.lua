-- SPDX-License-Identifier: Apache-2.0
-- wrk script: asks for the paths of a file in turn, with a cookie; prints one line of JSON.
local requests = {}
local at = 0

function init(arguments)
  wrk.headers["Cookie"] = arguments[2]
  for path in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, all_requests)
  local errors = summary.errors
  print(string.format('{"bytes": %d, "us": %d, "requests": %d, "errors": %d}',
    summary.bytes, summary.duration, summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
