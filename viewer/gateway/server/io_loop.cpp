// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/server/io_loop.h"

#include <chrono>
#include <csignal>
#include <utility>

#include "viewer/gateway/server/asio.h"

namespace sitecast::gateway {

struct IoLoop::Impl {
  net::io_context context{1};
  net::executor_work_guard<net::io_context::executor_type> work{context.get_executor()};
  net::signal_set signals{context};
};

namespace {

void arm(const std::shared_ptr<net::steady_timer>& timer, std::int64_t every_us,
         std::function<void()> work) {
  timer->expires_after(std::chrono::microseconds(every_us));
  timer->async_wait([timer, every_us, work = std::move(work)](error_code failed) mutable {
    if (failed) return;
    work();
    arm(timer, every_us, std::move(work));
  });
}

}  // namespace

IoLoop::IoLoop() : impl_(std::make_unique<Impl>()) {}
IoLoop::~IoLoop() = default;

void IoLoop::post(std::function<void()> work) { net::post(impl_->context, std::move(work)); }

void IoLoop::repeat(std::int64_t every_us, std::function<void()> work) {
  arm(std::make_shared<net::steady_timer>(impl_->context), every_us, std::move(work));
}

void IoLoop::after(std::int64_t wait_us, std::function<void()> work) {
  auto timer = std::make_shared<net::steady_timer>(impl_->context);
  timer->expires_after(std::chrono::microseconds(wait_us));
  timer->async_wait([timer, work = std::move(work)](error_code failed) {
    if (!failed) work();
  });
}

void IoLoop::on_stop_signal(std::function<void()> work) {
  impl_->signals.add(SIGINT);
  impl_->signals.add(SIGTERM);
  impl_->signals.async_wait([work = std::move(work)](error_code failed, int) {
    if (!failed) work();
  });
}

void IoLoop::run() { impl_->context.run(); }
void IoLoop::stop() { impl_->context.stop(); }
net::io_context& IoLoop::context() { return impl_->context; }

}  // namespace sitecast::gateway
