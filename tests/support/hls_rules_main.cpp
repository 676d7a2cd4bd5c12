// SPDX-License-Identifier: Apache-2.0
// sitecast-hls-rules FILE...: successive answers of one HLS media playlist's address, each a file.
// Prints what breaks a rule (hls_rules.h); exit 1 if anything does.
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/support/hls_rules.h"

int main(int count, char** names) {
  sitecast::test::HlsRules rules;
  bool good = count > 1;
  for (int i = 1; i < count; ++i) {
    std::ifstream file(names[i]);
    std::stringstream text;
    text << file.rdbuf();
    for (const auto& rule : rules.take(text.str())) {
      std::cout << names[i] << ": " << rule << "\n";
      good = false;
    }
  }
  return good ? 0 : 1;
}
