// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/tls_check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>

#include "proto/base/clock.h"
#include "proto/base/descriptor.h"

namespace sitecast::agent {
namespace {

constexpr int kCheckLimitMs = 3000;

template <auto Function>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Function(pointer);
  }
};
using ContextPtr = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Deleter<SSL_free>>;
using CertificatePtr = std::unique_ptr<X509, Deleter<X509_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

// How long there is left, and whether nobody wants to know any more.
struct Patience {
  const SystemClock clock;
  std::int64_t deadline_us;
  int cancel_descriptor;

  // True when `events` came; false when the time is over or it was cancelled.
  [[nodiscard]] bool wait(int descriptor, short events) const {
    const std::int64_t left_us = deadline_us - clock.monotonic_us();
    if (left_us <= 0) return false;
    std::array<pollfd, 2> items{{{descriptor, events, 0}, {cancel_descriptor, POLLIN, 0}}};
    return ::poll(items.data(), items.size(), static_cast<int>(left_us / 1000 + 1)) > 0 &&
           items[0].revents != 0;
  }
};

std::string place_of(const BrokerAddress& broker) {
  return broker.host.find(':') == std::string::npos
             ? fmt::format("{}:{}", broker.host, broker.port)
             : fmt::format("[{}]:{}", broker.host, broker.port);
}

bool is_address(const std::string& host) {
  std::array<std::uint8_t, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// The newest error of this thread's queue, in OpenSSL's words.
std::string library_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown" : reason;
}

std::string subject_of(const X509_NAME* name) {
  std::array<char, 256> text{};
  return X509_NAME_oneline(name, text.data(), static_cast<int>(text.size())) == nullptr
             ? "unknown"
             : std::string(text.data());
}

std::string day_of(const ASN1_TIME* time) {
  std::tm moment{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &moment) != 1) return "an unreadable date";
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", moment);
}

std::string now() { return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr))); }

// Every name that the certificate is for.
std::string names_of(X509* certificate) {
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  const auto add = [&](const std::string& name) { text += (text.empty() ? "" : ", ") + name; };
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      add({reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),  // NOLINT
           static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))});
    } else if (name->type == GEN_IPADD) {
      const int size = ASN1_STRING_length(name->d.iPAddress);
      std::array<char, INET6_ADDRSTRLEN> address{};
      if (::inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress),
                      address.data(), address.size()) != nullptr) {
        add(address.data());
      }
    }
  }
  return text.empty() ? subject_of(X509_get_subject_name(certificate)) : text;
}

// What the handshake's check of the certificates stumbled over.
struct Stumble {
  int code = X509_V_OK;
  int depth = 0;
  CertificatePtr certificate;
};

int note_stumble(int good, X509_STORE_CTX* store) {
  if (good == 1) return 1;
  const auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* stumble = static_cast<Stumble*>(SSL_get_app_data(ssl));
  stumble->code = X509_STORE_CTX_get_error(store);
  stumble->depth = X509_STORE_CTX_get_error_depth(store);
  if (X509* certificate = X509_STORE_CTX_get_current_cert(store); certificate != nullptr) {
    X509_up_ref(certificate);
    stumble->certificate.reset(certificate);
  }
  return 0;
}

std::string explain(const Stumble& stumble, const BrokerAddress& broker,
                    const std::filesystem::path& ca_file) {
  const std::string place = place_of(broker);
  X509* certificate = stumble.certificate.get();
  const std::string whose =
      stumble.depth == 0 || certificate == nullptr
          ? "the certificate of " + place
          : fmt::format("the authority '{}' behind the certificate of {}",
                        subject_of(X509_get_subject_name(certificate)), place);
  switch (stumble.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format(
          "{} expired on {}; have it renewed (this device's clock says {}: set it if "
          "that is wrong)",
          whose, day_of(certificate ? X509_get0_notAfter(certificate) : nullptr), now());
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format(
          "{} is valid only from {} on; this device's clock says {}: set it if that "
          "is wrong",
          whose, day_of(certificate ? X509_get0_notBefore(certificate) : nullptr), now());
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format(
          "{} is for {}, not for {}; put one of these into broker.url, or have a "
          "certificate made for {}",
          whose, certificate ? names_of(certificate) : "another host", broker.host, broker.host);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return fmt::format(
          "the certificate of {} comes from '{}', which is not among the authorities in {}; set "
          "broker.ca_file to the certificate of the authority that the hub uses",
          place,
          certificate ? subject_of(X509_get_issuer_name(certificate)) : "an unknown authority",
          ca_file.empty() ? "this system" : ca_file.string());
    default:
      return fmt::format("{} is not accepted: {}", whose,
                         X509_verify_cert_error_string(stumble.code));
  }
}

// Null when `ca_file` is of no use; `why` says so then.
ContextPtr make_context(const std::filesystem::path& ca_file, std::string& why) {
  ContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) {
    why = "OpenSSL cannot be used: " + library_reason();
    return nullptr;
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, note_stumble);
  if (ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
    return context;
  }
  const Descriptor readable(::open(ca_file.c_str(), O_RDONLY | O_CLOEXEC));
  if (readable.get() < 0) {
    why = fmt::format(
        "broker.ca_file {} cannot be read ({}); put the certificate of the hub's authority there",
        ca_file.string(), std::strerror(errno));
    return nullptr;
  }
  if (SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
    why = fmt::format(
        "broker.ca_file {} holds no certificate that can be read (PEM is expected: a block that "
        "starts with -----BEGIN CERTIFICATE-----)",
        ca_file.string());
    return nullptr;
  }
  return context;
}

// A socket that is connected, or what kept it from that.
std::optional<Descriptor> connect_socket(const BrokerAddress& broker, const Patience& patience,
                                         std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed =
      ::getaddrinfo(broker.host.c_str(), std::to_string(broker.port).c_str(), &hints, &found);
  if (failed != 0) {
    why = fmt::format("the name {} cannot be resolved: {}", broker.host, ::gai_strerror(failed));
    return std::nullopt;
  }
  const std::unique_ptr<addrinfo, Deleter<::freeaddrinfo>> addresses(found);
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    Descriptor socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int error = 0;
    if (::connect(socket.get(), address->ai_addr, address->ai_addrlen) != 0) {
      error = errno;
      if (error == EINPROGRESS) {
        if (!patience.wait(socket.get(), POLLOUT)) {
          why = place_of(broker) + " does not answer";
          return std::nullopt;
        }
        socklen_t size = sizeof error;
        ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    if (error == 0) return socket;
    why = fmt::format("{} cannot be reached: {}", place_of(broker), std::strerror(error));
  }
  return std::nullopt;
}

// A listener that does not expect TLS closes without a word. Whether it is MQTT's plain one it
// tells when it is spoken to plainly: a CONNECT that names nobody, answered by a CONNACK of any
// kind.
bool speaks_plainly(const BrokerAddress& broker, const Patience& patience) {
  constexpr std::array<std::uint8_t, 15> kConnect = {0x10, 13, 0, 4,  'M', 'Q', 'T', 'T',
                                                     5,    2,  0, 10, 0,   0,   0};
  constexpr std::uint8_t kConnack = 0x20;
  std::string ignored;
  const auto socket = connect_socket(broker, patience, ignored);
  if (!socket || ::send(socket->get(), kConnect.data(), kConnect.size(), MSG_NOSIGNAL) !=
                     static_cast<ssize_t>(kConnect.size())) {
    return false;
  }
  std::uint8_t first = 0;
  return patience.wait(socket->get(), POLLIN) && ::recv(socket->get(), &first, 1, 0) == 1 &&
         first == kConnack;
}

// True when the handshake came to an end, good or bad; false when the time was over before.
bool shake_hands(SSL* ssl, int descriptor, const Patience& patience, int& result) {
  for (;;) {
    ERR_clear_error();
    result = SSL_connect(ssl);
    const int error = SSL_get_error(ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return true;
    if (!patience.wait(descriptor, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return false;
  }
}

}  // namespace

TlsFinding check_tls(const BrokerAddress& broker, const std::filesystem::path& ca_file,
                     int limit_ms, int cancel_descriptor) {
  TlsFinding finding;
  const ContextPtr context = make_context(ca_file, finding.why);
  if (!context) {
    finding.not_trusted = true;
    return finding;
  }
  const SystemClock clock;
  const Patience patience{clock, clock.monotonic_us() + limit_ms * 1000LL, cancel_descriptor};
  const auto socket = connect_socket(broker, patience, finding.why);
  if (!socket) return finding;

  const SslPtr ssl(SSL_new(context.get()));
  Stumble stumble;
  SSL_set_app_data(ssl.get(), &stumble);
  SSL_set_fd(ssl.get(), socket->get());
  if (is_address(broker.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), broker.host.c_str());
  } else {
    SSL_set1_host(ssl.get(), broker.host.c_str());
    // What the macro SSL_set_tlsext_host_name does, without its C cast.
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(broker.host.c_str()));  // NOLINT
  }
  int result = 0;
  if (!shake_hands(ssl.get(), socket->get(), patience, result)) {
    finding.why = place_of(broker) + " does not answer";
    return finding;
  }
  if (result == 1) return finding;
  if (stumble.code != X509_V_OK) {
    finding.not_trusted = true;
    finding.why = explain(stumble, broker, ca_file);
    return finding;
  }
  const unsigned long code = ERR_peek_last_error();
  const bool closed = code == 0 || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (closed ? speaks_plainly(broker, patience)
             : ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER) {
    finding.not_trusted = true;
    finding.why = fmt::format(
        "{} does not speak TLS; look at the port in broker.url: it must be that of the broker's "
        "TLS "
        "listener",
        place_of(broker));
  } else if (closed) {
    finding.why = place_of(broker) + " closed the connection during the TLS handshake";
  } else {
    finding.not_trusted = true;
    finding.why = fmt::format("no TLS connection to {}: {}", place_of(broker), library_reason());
  }
  return finding;
}

TlsChecker::TlsChecker(BrokerAddress broker, std::filesystem::path ca_file, Answer answer)
    : broker_(std::move(broker)),
      ca_file_(std::move(ca_file)),
      answer_(std::move(answer)),
      cancel_descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

TlsChecker::~TlsChecker() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  drop();
  thread_.join();
  ::close(cancel_descriptor_);
}

void TlsChecker::ask(std::uint64_t number) {
  const MutexLock lock(mutex_);
  asked_.push_back(number);
  wake_.notify_all();
}

void TlsChecker::drop() {
  const MutexLock lock(mutex_);
  asked_.clear();
  if (!checking_) return;
  dropped_ = true;
  static_cast<void>(!::eventfd_write(cancel_descriptor_, 1));
}

void TlsChecker::run() {
  ::pthread_setname_np(::pthread_self(), "tls-check");
  for (;;) {
    std::uint64_t number = 0;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && asked_.empty()) wake_.wait(mutex_);
      if (stopping_) return;
      number = asked_.front();
      asked_.pop_front();
      checking_ = true;
      dropped_ = false;
      eventfd_t ignored = 0;
      static_cast<void>(!::eventfd_read(cancel_descriptor_, &ignored));
    }
    TlsFinding finding = check_tls(broker_, ca_file_, kCheckLimitMs, cancel_descriptor_);
    {
      const MutexLock lock(mutex_);
      checking_ = false;
      if (dropped_) continue;
    }
    answer_(number, std::move(finding));
  }
}

}  // namespace sitecast::agent
