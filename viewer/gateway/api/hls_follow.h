// SPDX-License-Identifier: Apache-2.0
// What a player that follows a capture over HLS is answered: lists and media from the live windows
// (live/hls_live.h), which are opened here with what the archive has, and media that has left them
// from the archive. All of it behind the guard: the caller has asked it.
// Owner thread: the io thread, except for answer(), which a read thread calls.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "viewer/gateway/api/answer.h"
#include "viewer/gateway/api/read_handlers.h"
#include "viewer/gateway/api/read_pool.h"
#include "viewer/gateway/live/hls_live.h"

namespace sitecast::gateway {

class HlsFollow {
 public:
  struct Asked {
    std::shared_ptr<const Request> request;
    RouteId route{};
    PathParams params;
    ProjectId project;
    std::function<void(Answer)> done;  // on the io thread
  };
  HlsFollow(HlsLive& windows, ReadPool& pool, hub::Layout layout, const Clock& clock,
            std::function<void(std::function<void()>)> post_to_io)
      : windows_(windows),
        pool_(pool),
        layout_(std::move(layout)),
        clock_(clock),
        post_(std::move(post_to_io)) {}

  // Whether a request is about following at all.
  static bool is_about(RouteId route, const Request& request);
  // nullopt: `asked.done` will be called.
  std::optional<Response> answer(const ReadContext& context, Asked asked);

 private:
  using Shared = std::shared_ptr<const Asked>;
  void list(const Shared& asked, HlsReload reload);
  void open_and_list(const Shared& asked, HlsReload reload);
  void media(const Shared& asked);
  void init(const Shared& asked);
  // Has it read on a read thread and answered.
  void read(const Shared& asked, std::function<Response(hub::IndexReader&, const Asked&)> how);

  HlsLive& windows_;
  ReadPool& pool_;
  const hub::Layout layout_;
  const Clock& clock_;
  const std::function<void(std::function<void()>)> post_;
};

}  // namespace sitecast::gateway
