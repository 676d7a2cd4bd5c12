// SPDX-License-Identifier: Apache-2.0
// What devices send through the gateway's tunnel. Whatever is let through comes out as it went in,
// once the CONNECT is whole and not before; how the bytes are cut changes nothing.
#include <algorithm>
#include <utility>

#include "tests/fuzz/fuzz.h"
#include "viewer/gateway/tunnel/packet_gate.h"

namespace sitecast {
namespace {

// What came out, and whether nothing was refused.
std::pair<Bytes, bool> through(ByteView input, std::size_t step) {
  gateway::PacketGate gate;
  Bytes out;
  for (std::size_t at = 0; at < input.size(); at += step) {
    if (!gate.take(input.subspan(at, std::min(step, input.size() - at))).ok()) return {out, false};
    FUZZ_REQUIRE(gate.connected() || gate.forward().empty());
    out.insert(out.end(), gate.forward().begin(), gate.forward().end());
  }
  FUZZ_REQUIRE(!gate.connected() || out.size() == input.size());
  return {out, true};
}

}  // namespace

void fuzz_one(ByteView input) {
  const auto [whole, whole_ok] = through(input, input.size() + 1);
  const auto [cut, cut_ok] = through(input, 1);
  FUZZ_REQUIRE(whole_ok == cut_ok);
  FUZZ_REQUIRE(cut.size() >= whole.size() && std::equal(cut.begin(), cut.end(), input.begin()));
  if (whole_ok) FUZZ_REQUIRE(whole == cut);
}

}  // namespace sitecast
