# SPDX-License-Identifier: Apache-2.0
"""A peer of scripts/bench live: WebRTC by GStreamer's webrtcbin, from the same source and encoder settings.

  webrtc_peer.py SOURCE ENCODER PORT

Serves a page on 127.0.0.1:PORT; `?jitter=0` asks the browser for a jitter buffer of 0 ms
(RTCRtpReceiver.jitterBufferTarget), otherwise it has the browser's own. One viewer at a time; the offer holds
every candidate (no trickle), so that signalling is two requests. After webrtcbin's documentation and the
"webrtc sendonly" way of GStreamer's examples: payloader with config-interval=-1 and aggregate-mode
zero-latency, one bundle, no STUN server (loopback), leaky queue in front of the encoder as our agent has.
"""
import http.server
import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC  # noqa: E402

PAGE = """<!doctype html><meta charset="utf-8"><title>WebRTC</title><video autoplay muted playsinline></video><script>
const connection = new RTCPeerConnection();
connection.ontrack = (event) => {
  if (new URLSearchParams(location.search).get('jitter') === '0') event.receiver.jitterBufferTarget = 0;
  document.querySelector('video').srcObject = event.streams[0] ?? new MediaStream([event.track]);
};
(async () => {
  await connection.setRemoteDescription(await (await fetch('/offer')).json());
  await connection.setLocalDescription(await connection.createAnswer());
  if (connection.iceGatheringState !== 'complete') {
    await new Promise((done) => { connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') done(); }; });
  }
  await fetch('/answer', { method: 'POST', body: JSON.stringify(connection.localDescription) });
})();
</script>"""


class Sender:
    """One viewer's pipeline, made anew for each offer."""

    def __init__(self, source, encoder):
        self.gathered = threading.Event()
        self.pipeline = Gst.parse_launch(
            f"webrtcbin name=peer bundle-policy=max-bundle latency=0 {source} ! videoconvert ! "
            "queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! "
            f"{encoder} ! video/x-h264,profile=constrained-baseline ! "
            "rtph264pay config-interval=-1 aggregate-mode=zero-latency ! "
            "application/x-rtp,media=video,encoding-name=H264,payload=96 ! peer.")
        self.peer = self.pipeline.get_by_name("peer")
        self.peer.connect("notify::ice-gathering-state", self.on_gathering)
        self.peer.connect("on-negotiation-needed", self.on_needed)
        self.pipeline.set_state(Gst.State.PLAYING)

    def on_needed(self, peer):
        def made(promise, _):
            promise.wait()
            reply = promise.get_reply()  # owns the offer
            offer = reply.get_value("offer")
            peer.emit("set-local-description", offer, Gst.Promise.new())
        peer.emit("create-offer", None, Gst.Promise.new_with_change_func(made, None))

    def on_gathering(self, peer, _):
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            self.gathered.set()

    def offer(self):
        if not self.gathered.wait(10):
            raise RuntimeError("webrtcbin gathered no candidates")
        return self.peer.get_property("local-description").sdp.as_text()

    def answer(self, text):
        _, message = GstSdp.SDPMessage.new_from_text(text)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.peer.emit("set-remote-description", description, Gst.Promise.new())

    def stop(self):
        self.pipeline.set_state(Gst.State.NULL)


def main():
    source, encoder, port = sys.argv[1:]
    Gst.init(None)
    senders = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def reply(self, kind, body):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def do_GET(self):  # noqa: N802
            if self.path != "/offer":
                return self.reply("text/html", PAGE)
            while senders:
                senders.pop().stop()
            senders.append(Sender(source, encoder))
            self.reply("application/json", json.dumps({"type": "offer", "sdp": senders[0].offer()}))

        def do_POST(self):  # noqa: N802
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            senders[0].answer(body["sdp"])
            self.reply("text/plain", "ok")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
