// SPDX-License-Identifier: Apache-2.0
// Frames and sound of a track on the page, for browsers that have no MediaStreamTrackProcessor there: pictures from
// a video element as they are presented, sound from an AudioWorklet.

export interface Feed {
  stop(): void;
}

export async function pictures(track: MediaStreamTrack, take: (frame: VideoFrame) => void): Promise<Feed> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  let over = false;
  const look = (nowMs: number): void => {
    if (over) return;
    take(new VideoFrame(video, { timestamp: Math.round(nowMs * 1000) }));
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  await video.play();
  return {
    stop() {
      over = true;
      video.srcObject = null;
    },
  };
}

type TakePcm = (pcm: Float32Array<ArrayBuffer>, sampleRate: number, timestampUs: number) => void;

export async function pcmOf(track: MediaStreamTrack, take: TakePcm): Promise<Feed> {
  const context = new AudioContext({ sampleRate: 48_000 });
  await context.audioWorklet.addModule(new URL('./pcm_worklet.js', import.meta.url));
  const node = new AudioWorkletNode(context, 'sitecast-pcm', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
  node.port.onmessage = (event: MessageEvent<{ pcm: Float32Array<ArrayBuffer>; seconds: number }>) =>
    take(event.data.pcm, context.sampleRate, Math.round(event.data.seconds * 1e6));
  context.createMediaStreamSource(new MediaStream([track])).connect(node);
  await context.resume();
  return {
    stop() {
      void context.close();
    },
  };
}
