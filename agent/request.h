// SPDX-License-Identifier: Apache-2.0
// A command as data: what the command line asks for, carried out here or, when another process owns
// the spool, over its socket (one JSON object per line each way). Thread-safety: plain value.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "proto/base/result.h"

namespace sitecast::agent {

struct Request {
  std::string command;  // record | photo | document | note | status | send | run |
                        // requests | accept | answer | say | watch
  // record, photo
  std::string source;
  std::string audio;
  bool loop = false;
  double duration_s = 0;
  // record, photo, document
  std::string project;  // empty: the configured one
  std::string area;
  std::string title;
  std::string note;
  std::string file;  // photo, document: absolute path
  bool until_delivered = false;
  bool now = false;  // send: also what a metered network or the data budget holds up
  bool demonstration = false;
  std::int64_t captured_at_us = 0;  // 0: now
  // note
  std::string capture;  // id; empty: none
  bool last = false;    // the newest capture
  std::string text;
  std::string stage;
  std::optional<double> percentage;
  std::optional<double> at_s;  // seconds into the capture
  bool at_now = false;         // the present moment of the recording that runs
  // accept, answer
  std::string request;     // id, or its last characters
  std::uint32_t shot = 0;  // from 1; 0: all of it
};

nlohmann::json to_json(const Request& request);
// kInvalidArgument: not what to_json makes.
Result<Request> request_from_json(const nlohmann::json& json);

// What a command says, as it goes: JSON objects, described in README.md. Called from one thread.
using Reply = std::function<void(const nlohmann::json&)>;

// How a command ended; the exit code of the process.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

}  // namespace sitecast::agent
