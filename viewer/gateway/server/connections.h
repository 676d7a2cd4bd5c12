// SPDX-License-Identifier: Apache-2.0
// The open connections: caps in all and per address, and deadlines. A deadline is one number that
// one sweep compares every 100 ms, instead of a timer started and cancelled for every operation.
// Owner thread: the io thread. Time: monotonic microseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <string>
#include <unordered_map>

namespace sitecast::gateway {

class Connections;

// One that is open. It is on the list as long as it lives.
class OpenConnection {
 public:
  OpenConnection(Connections& all, std::string address);
  virtual ~OpenConnection();
  OpenConnection(const OpenConnection&) = delete;
  OpenConnection& operator=(const OpenConnection&) = delete;

  // Closes the socket: what waits on it ends with an error. Idempotent.
  virtual void abort() = 0;
  // The server stops: ends at once when it is between two requests, else after the current one.
  virtual void wind_down() = 0;

  [[nodiscard]] const std::string& address() const { return address_; }
  // Counted for `address` from now on. false: that one has as many as it may have; nothing changed.
  [[nodiscard]] bool move_to(const std::string& address);
  void set_deadline(std::int64_t at_us) { deadline_us_ = at_us; }
  void no_deadline() { deadline_us_ = std::numeric_limits<std::int64_t>::max(); }

 private:
  friend class Connections;
  Connections& all_;
  std::string address_;
  std::int64_t deadline_us_ = std::numeric_limits<std::int64_t>::max();
  std::list<OpenConnection*>::iterator place_;
};

class Connections {
 public:
  Connections(std::size_t most, std::size_t most_per_address)
      : most_(most), most_per_address_(most_per_address) {}

  [[nodiscard]] bool is_full() const { return open_.size() >= most_; }
  [[nodiscard]] bool has_room_for(const std::string& address) const;
  // Aborts those whose deadline has passed; how many.
  std::size_t sweep(std::int64_t now_us);
  void abort_all();
  void wind_down_all();
  [[nodiscard]] std::size_t size() const { return open_.size(); }

 private:
  friend class OpenConnection;
  [[nodiscard]] bool has_few(const std::string& address) const;
  void forget_one(const std::string& address);

  const std::size_t most_;
  const std::size_t most_per_address_;
  std::list<OpenConnection*> open_;
  std::unordered_map<std::string, std::size_t> per_address_;
};

}  // namespace sitecast::gateway
