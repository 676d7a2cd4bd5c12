// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an Error. Every fallible function of ours returns one; exceptions stop at
// the adapter that called the throwing library. Bugs of ours are asserts, the world's faults are
// Errors. Thread-safety: value types, like std::variant.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sitecast {

// Few kinds, each with one reaction. Where one is mapped from errno, SQLite or MQTT codes, that map
// is one table beside the adapter.
enum class ErrorKind {
  kInvalidArgument,     // bad input: say what was wrong, never retry
  kNotFound,            // no such object
  kUnavailable,         // the other side is away: retry with back-off
  kResourceExhausted,   // disk, quota or limit reached: retry when freed
  kDataLoss,            // bytes are damaged or missing
  kFailedPrecondition,  // not in this state: needs something else first
  kPermissionDenied,    // not theirs
  kCancelled,           // stopped on request
  kInternal,            // our bug or an unexplained library failure
};

std::string_view name_of(ErrorKind kind);

class Error {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  // The same error seen from one level further out: "context: message".
  [[nodiscard]] Error within(std::string_view context) const {
    return {kind_, std::string(context) + ": " + message_};
  }

 private:
  ErrorKind kind_;
  std::string message_;
};

inline Error invalid_argument(std::string m) { return {ErrorKind::kInvalidArgument, std::move(m)}; }
inline Error not_found(std::string m) { return {ErrorKind::kNotFound, std::move(m)}; }
inline Error unavailable(std::string m) { return {ErrorKind::kUnavailable, std::move(m)}; }
inline Error resource_exhausted(std::string m) {
  return {ErrorKind::kResourceExhausted, std::move(m)};
}
inline Error data_loss(std::string m) { return {ErrorKind::kDataLoss, std::move(m)}; }
inline Error failed_precondition(std::string m) {
  return {ErrorKind::kFailedPrecondition, std::move(m)};
}
inline Error permission_denied(std::string m) {
  return {ErrorKind::kPermissionDenied, std::move(m)};
}
inline Error internal_error(std::string m) { return {ErrorKind::kInternal, std::move(m)}; }

// Error from errno `code`, e.g. errno_error(ENOSPC, "append media") -> kResourceExhausted.
Error errno_error(int code, std::string_view doing);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(*explicit*)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*explicit*)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok()
  [[nodiscard]] T& value() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok()
  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

struct Ok {};

// Result without a value: `return Ok{};` or `return some_error;`.
class [[nodiscard]] Status {
 public:
  Status(Ok) {}                                                              // NOLINT(*explicit*)
  Status(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*explicit*)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<Ok, Error> state_;
};

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration and a name cannot be parenthesised
// Returns from the enclosing function when `expr` (a Status) failed.
#define SC_TRY(expr)                                  \
  do {                                                \
    if (auto sc_status_ = (expr); !sc_status_.ok()) { \
      return sc_status_.error();                      \
    }                                                 \
  } while (false)

#define SC_CONCAT_INNER(a, b) a##b
#define SC_CONCAT(a, b) SC_CONCAT_INNER(a, b)
// SC_TRY_ASSIGN(auto file, open_file(path)): declares `file` or returns the error.
#define SC_TRY_ASSIGN(declaration, expr) \
  SC_TRY_ASSIGN_INNER(SC_CONCAT(sc_result_, __LINE__), declaration, expr)
#define SC_TRY_ASSIGN_INNER(result, declaration, expr) \
  auto result = (expr);                                \
  if (!result.ok()) return result.error();             \
  declaration = std::move(result).value()
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace sitecast
