// SPDX-License-Identifier: Apache-2.0
#include "proto/base/result.h"

#include <cerrno>
#include <system_error>

namespace sitecast {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument: return "invalid argument";
    case ErrorKind::kNotFound: return "not found";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kResourceExhausted: return "resource exhausted";
    case ErrorKind::kDataLoss: return "data loss";
    case ErrorKind::kFailedPrecondition: return "failed precondition";
    case ErrorKind::kPermissionDenied: return "permission denied";
    case ErrorKind::kCancelled: return "cancelled";
    case ErrorKind::kInternal: return "internal";
  }
  return "unknown";
}

namespace {
ErrorKind kind_of_errno(int code) {
  switch (code) {
    case ENOENT:
    case ENOTDIR:
    case ENXIO: return ErrorKind::kNotFound;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EFBIG: return ErrorKind::kResourceExhausted;
    case EIO: return ErrorKind::kDataLoss;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::kPermissionDenied;
    case EEXIST:
    case EISDIR:
    case EBUSY: return ErrorKind::kFailedPrecondition;
    case EINVAL:
    case ENAMETOOLONG: return ErrorKind::kInvalidArgument;
    case ECONNREFUSED:
    case ECONNRESET:
    case ETIMEDOUT:
    case EAGAIN:
    case EPIPE: return ErrorKind::kUnavailable;
    default: return ErrorKind::kInternal;
  }
}
}  // namespace

Error errno_error(int code, std::string_view doing) {
  return {kind_of_errno(code), std::string(doing) + ": " + std::generic_category().message(code)};
}

}  // namespace sitecast
