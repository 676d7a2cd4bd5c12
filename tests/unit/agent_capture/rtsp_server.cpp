// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/agent_capture/rtsp_server.h"

#include <gst/rtsp-server/rtsp-server.h>

#include <thread>

#include "agent/gst/pipeline.h"

namespace sitecast::test {

struct RtspServer::Impl {
  GMainContext* context = nullptr;
  GMainLoop* loop = nullptr;
  GstRTSPServer* server = nullptr;
  int port = 0;
  std::thread thread;
};

namespace {

GstRTSPFilterResult remove_client(GstRTSPServer*, GstRTSPClient*, gpointer) {
  return GST_RTSP_FILTER_REMOVE;
}

// On the loop's thread: clients go, then the loop.
gboolean shut_down(gpointer data) {
  auto* impl = static_cast<std::pair<GstRTSPServer*, GMainLoop*>*>(data);
  gst_rtsp_server_client_filter(impl->first, &remove_client, nullptr);
  g_main_loop_quit(impl->second);
  return G_SOURCE_REMOVE;
}

}  // namespace

RtspServer::RtspServer(const std::string& launch) : impl_(std::make_unique<Impl>()) {
  static_cast<void>(gst::initialise());
  impl_->context = g_main_context_new();
  impl_->loop = g_main_loop_new(impl_->context, FALSE);
  impl_->server = gst_rtsp_server_new();
  gst_rtsp_server_set_address(impl_->server, "127.0.0.1");
  gst_rtsp_server_set_service(impl_->server, "0");
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, launch.c_str());
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(impl_->server);
  gst_rtsp_mount_points_add_factory(mounts, "/camera", factory);
  g_object_unref(mounts);
  gst_rtsp_server_attach(impl_->server, impl_->context);
  impl_->port = gst_rtsp_server_get_bound_port(impl_->server);
  impl_->thread = std::thread([impl = impl_.get()] {
    g_main_context_push_thread_default(impl->context);
    g_main_loop_run(impl->loop);
    g_main_context_pop_thread_default(impl->context);
  });
}

RtspServer::~RtspServer() {
  die();
  g_object_unref(impl_->server);
  g_main_loop_unref(impl_->loop);
  g_main_context_unref(impl_->context);
}

std::string RtspServer::url() const {
  return "rtsp://127.0.0.1:" + std::to_string(impl_->port) + "/camera";
}

void RtspServer::die() {
  if (!impl_->thread.joinable()) return;
  std::pair<GstRTSPServer*, GMainLoop*> both(impl_->server, impl_->loop);
  GSource* source = g_idle_source_new();
  g_source_set_callback(source, &shut_down, &both, nullptr);
  g_source_attach(source, impl_->context);
  g_source_unref(source);
  impl_->thread.join();
}

}  // namespace sitecast::test
