// SPDX-License-Identifier: Apache-2.0
// The connection to the broker: MQTT 5 by Paho C++, one client object per connection. Paho's own
// persistence, reconnecting and buffering are off: our spool is the only queue.
// Threads: the methods belong to the delivery thread and do not wait for the network. The sink is
// called from Paho's threads and the TLS checker's and only posts. A connection that was given up
// is closed at once and its client object destroyed later by a thread of its own, because
// destroying joins with callbacks. Ownership: the sink must outlive the transport. Errors come as
// events, never as exceptions.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "agent/publish/broker_address.h"
#include "agent/publish/hand_over.h"
#include "agent/publish/link_socket.h"
#include "agent/spool/part_builder.h"
#include "proto/base/log.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct TransportSettings {
  BrokerAddress broker;
  std::string username;                    // also the client id
  std::filesystem::path password_file;     // read at each attempt; empty: no password
  std::filesystem::path ca_file;           // mqtts: empty = the system's authorities
  std::string congestion_control = "bbr";  // empty: the kernel's choice
  // Last will, retained.
  std::string will_topic;
  std::string will_payload;
};

// One per connection attempt; events of an older one are stale.
using ConnectionNumber = std::uint64_t;

struct ConnectFailure {
  static constexpr std::uint8_t kNoConnack = 0x80;
  std::uint8_t reason_code = kNoConnack;  // of the CONNACK
  bool not_trusted = false;               // TLS: the other side is not who it must be (TlsFinding)
  bool no_password = false;               // this device cannot read its own
  std::string why;
};

class TransportSink {
 public:
  virtual ~TransportSink() = default;
  virtual void on_connected(ConnectionNumber connection, std::uint32_t receive_maximum) = 0;
  virtual void on_connect_failed(ConnectionNumber connection, ConnectFailure failure) = 0;
  virtual void on_disconnected(ConnectionNumber connection, std::string why) = 0;
  // QoS 0: taken by the kernel. QoS 1: PUBACK.
  virtual void on_sent(ConnectionNumber connection, std::uint64_t token,
                       std::uint8_t reason_code) = 0;
  virtual void on_subscribe_failed(ConnectionNumber connection, std::string topic,
                                   std::uint8_t reason_code) = 0;
  virtual void on_message(ConnectionNumber connection, std::string topic, std::string payload) = 0;
};

class TlsChecker;

class Transport {
 public:
  Transport(TransportSettings settings, TransportSink& sink, Log log);
  ~Transport();  // disconnects; waits for Paho's threads

  // Begins a new connection, giving up any other: as soon as the client before is gone, see below.
  ConnectionNumber connect();
  // Call often while connecting. True: the connection that was asked for was begun now. Paho
  // notices that TCP is connected within 10 ms with new threads, and within two seconds with
  // running ones; so no client is made while another one is left.
  bool start_when_ready();
  // For the connections that are begun from now on.
  void set_will_payload(std::string payload) { settings_.will_payload = std::move(payload); }
  // Gives the present one up. `clean` sends DISCONNECT, so that the will is not published, and
  // waits up to a second for what was published before to leave.
  void disconnect(bool clean);
  // Nothing is left of the connections that were given up.
  [[nodiscard]] bool quiet() const;

  // In this order; each goes when the kernel takes it, see hand_over(). The payload is not copied
  // by us; Paho copies it once. A topic goes out in full once for each connection, as far as the
  // broker takes aliases.
  void publish(const std::shared_ptr<const std::string>& topic, Frame payload, int qos,
               bool retained, std::uint64_t token);
  void subscribe(const std::string& topic, int qos);

  // Call every kHandOverUs while something waits(): what the kernel takes now goes to Paho.
  static constexpr std::int64_t kHandOverUs = 4'000;
  void hand_over();
  [[nodiscard]] bool waits() const { return !waiting_.empty(); }
  // The kernel is given so much beyond what it has sent; at first little, so that the newest moment
  // does not wait behind it.
  static constexpr std::uint64_t kShallowBytes = 16 * 1024;
  static constexpr std::uint64_t kDeepBytes = 256 * 1024;
  void let_wait(std::uint64_t unsent_bytes) { hand_over_.limit(unsent_bytes); }

  // After on_connected: finds the socket and sets its options.
  void tune_socket();
  [[nodiscard]] std::optional<LinkFigures> link_figures() const;
  [[nodiscard]] std::string interface() const { return socket_.interface(); }
  [[nodiscard]] bool address_gone() const { return socket_.address_gone(); }
  // While connecting: how far it has got, growing; none until TCP is connected.
  [[nodiscard]] std::optional<std::uint64_t> connecting_bytes();
  // While connecting: nobody listens there.
  [[nodiscard]] bool connect_refused() const;

 private:
  class Session;
  class Reaper;
  struct Publication {
    std::shared_ptr<const std::string> topic;
    Frame payload;
    int qos = 0;
    bool retained = false;
    std::uint64_t token = 0;
  };
  void hand_to_paho(Publication publication);
  TransportSettings settings_;
  TransportSink& sink_;
  const Log log_;
  std::unique_ptr<TlsChecker> tls_checker_;  // null: not encrypted; outlives the sessions
  std::unique_ptr<Reaper> reaper_;
  std::shared_ptr<Session> session_;
  ConnectionNumber last_connection_ = 0;
  ConnectionNumber wanted_ = 0;  // not begun yet; 0: none
  std::int64_t wanted_since_us_ = 0;
  LinkSocket socket_;
  HandOver hand_over_;
  std::deque<Publication> waiting_;  // for the kernel
};

}  // namespace sitecast::agent
