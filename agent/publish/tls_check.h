// SPDX-License-Identifier: Apache-2.0
// Why a TLS connection to the broker cannot be made. Paho says only that it failed, so after such a
// failure the same handshake (OpenSSL, same authorities, same host) is made once more here, and
// what stands in its way is put into words. No password is sent.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "agent/publish/broker_address.h"
#include "proto/base/mutex.h"

namespace sitecast::agent {

struct TlsFinding {
  // The other side was reached and is not accepted, or `ca_file` is of no use: time alone does not
  // help. False: not reached, or nothing was found.
  bool not_trusted = false;
  std::string why;  // what is wrong and what to do, one sentence or two; empty: nothing was found
};

// Blocks up to `limit_ms` and as long as a name takes to be resolved. Returns early when
// `cancel_descriptor` (an eventfd; -1: none) becomes readable. An empty `ca_file` means the
// system's authorities. Thread-safe.
TlsFinding check_tls(const BrokerAddress& broker, const std::filesystem::path& ca_file,
                     int limit_ms, int cancel_descriptor);

// A thread that makes such checks. ask() may be called from any thread and returns at once; the
// answer is given on the checker's thread.
class TlsChecker {
 public:
  using Answer = std::function<void(std::uint64_t number, TlsFinding finding)>;
  TlsChecker(BrokerAddress broker, std::filesystem::path ca_file, Answer answer);
  ~TlsChecker();  // as drop()
  TlsChecker(const TlsChecker&) = delete;
  TlsChecker& operator=(const TlsChecker&) = delete;

  void ask(std::uint64_t number);
  // Nobody wants to know any more: the check that runs is given up, nothing asked is answered.
  void drop();

 private:
  void run();

  const BrokerAddress broker_;
  const std::filesystem::path ca_file_;
  const Answer answer_;
  const int cancel_descriptor_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<std::uint64_t> asked_ SC_GUARDED_BY(mutex_);
  bool checking_ SC_GUARDED_BY(mutex_) = false;
  bool dropped_ SC_GUARDED_BY(mutex_) = false;  // what is being checked
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::agent
