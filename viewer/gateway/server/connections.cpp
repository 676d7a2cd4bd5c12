// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/server/connections.h"

#include <utility>

namespace sitecast::gateway {

OpenConnection::OpenConnection(Connections& all, std::string address)
    : all_(all), address_(std::move(address)) {
  place_ = all_.open_.insert(all_.open_.end(), this);
  ++all_.per_address_[address_];
}

OpenConnection::~OpenConnection() {
  all_.open_.erase(place_);
  all_.forget_one(address_);
}

bool OpenConnection::move_to(const std::string& address) {
  if (address == address_) return true;
  if (!all_.has_few(address)) return false;
  all_.forget_one(address_);
  address_ = address;
  ++all_.per_address_[address_];
  return true;
}

void Connections::forget_one(const std::string& address) {
  const auto count = per_address_.find(address);
  if (--count->second == 0) per_address_.erase(count);
}

bool Connections::has_room_for(const std::string& address) const {
  return !is_full() && has_few(address);
}

bool Connections::has_few(const std::string& address) const {
  const auto count = per_address_.find(address);
  return count == per_address_.end() || count->second < most_per_address_;
}

std::size_t Connections::sweep(std::int64_t now_us) {
  std::size_t aborted = 0;
  for (auto* connection : open_) {
    if (connection->deadline_us_ > now_us) continue;
    connection->no_deadline();
    connection->abort();  // only closes the socket: the list does not change here
    ++aborted;
  }
  return aborted;
}

void Connections::abort_all() {
  for (auto* connection : open_) connection->abort();
}

void Connections::wind_down_all() {
  for (auto* connection : open_) connection->wind_down();
}

}  // namespace sitecast::gateway
