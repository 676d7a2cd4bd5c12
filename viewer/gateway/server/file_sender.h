// SPDX-License-Identifier: Apache-2.0
// Sends file ranges. Plain sockets: sendfile(2), straight from the page cache. TLS: read and write
// with one buffer. The io thread never waits for the disk: a piece that is not in the page cache is
// read into it by a pool thread first (asked by preadv2 with RWF_NOWAIT). Private to server/.
#pragma once

#include "viewer/gateway/http/message.h"
#include "viewer/gateway/server/environment.h"

namespace sitecast::gateway {

// True when all was sent. `connection`'s deadline is set anew for every piece that the peer takes.
Awaitable<bool> send_file(Environment& environment, OpenConnection& connection, Socket& socket,
                          const FileBody& body);
Awaitable<bool> send_file(Environment& environment, OpenConnection& connection, TlsStream& stream,
                          const FileBody& body);

}  // namespace sitecast::gateway
