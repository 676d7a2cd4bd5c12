// SPDX-License-Identifier: Apache-2.0
// Camera and microphone of the page: opened once, shown in one element, switched, lit, zoomed. Says why it cannot.
import type { CameraState, PictureState, Reason } from './recorder';

// What cameras of phones can do beyond lib.dom's words.
interface Capabilities extends MediaTrackCapabilities {
  torch?: boolean;
  zoom?: { min: number; max: number };
}
interface Settings extends MediaTrackSettings {
  torch?: boolean;
  zoom?: number;
}
interface Capture {
  takePhoto(): Promise<Blob>;
  grabFrame(): Promise<ImageBitmap>;
}
type CaptureConstructor = new (track: MediaStreamTrack) => Capture;
type Facing = 'back' | 'front';

const wanted = (facing: Facing): MediaTrackConstraints => ({
  facingMode: facing === 'back' ? 'environment' : 'user',
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
});
const voice: MediaTrackConstraints = { channelCount: 1, echoCancellation: true, noiseSuppression: true };

function reasonOf(error: unknown, what: 'camera' | 'microphone'): Reason {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return what === 'camera' ? 'camera_refused' : 'microphone_refused';
  return what === 'camera' ? 'no_camera' : 'no_microphone';
}

// A camera that gives nothing must not keep anybody waiting.
function inTime<T>(what: Promise<T>): Promise<T> {
  return Promise.race([
    what,
    new Promise<T>((_, fail) => {
      setTimeout(() => fail(new Error('the camera gives no picture')), 4000);
    }),
  ]);
}

export class Camera {
  private stream: MediaStream | null = null;
  private opening: Promise<Reason | null> | null = null;
  private facing: Facing = 'back';
  private shown: HTMLVideoElement | null = null;
  picture: PictureState = { state: 'off', widthPx: 0, heightPx: 0 };
  microphone: Reason | null = null; // why there is no sound

  // `changed`: any of it. `lost`: the camera gives nothing any more, and did not come back.
  constructor(
    private readonly changed: () => void,
    private readonly reopened: (stream: MediaStream) => void,
    private readonly lost: () => void,
  ) {}

  // null: it is there.
  open(): Promise<Reason | null> {
    if (this.stream?.getVideoTracks()[0]?.readyState === 'live') return Promise.resolve(null);
    this.opening ??= this.ask().finally(() => (this.opening = null));
    return this.opening;
  }

  get media(): MediaStream | null {
    return this.stream;
  }

  get source(): string {
    return this.facing;
  }

  get state(): CameraState {
    const track = this.track;
    const capabilities = (track?.getCapabilities?.() ?? {}) as Capabilities;
    const settings = (track?.getSettings() ?? {}) as Settings;
    const { zoom } = capabilities;
    return {
      facing: settings.facingMode === 'user' ? 'front' : settings.facingMode === 'environment' ? 'back' : 'unknown',
      torch: settings.torch ?? false,
      zoom: zoom === undefined || zoom.max <= zoom.min ? null : { now: settings.zoom ?? zoom.min, least: zoom.min, most: zoom.max },
    };
  }

  get hasTorch(): boolean {
    return (this.track?.getCapabilities?.() as Capabilities | undefined)?.torch === true;
  }

  show(video: HTMLVideoElement): () => void {
    this.shown = video;
    this.project();
    void this.open();
    return () => {
      if (this.shown === video) this.shown = null;
      video.srcObject = null;
    };
  }

  // The other one; when that does not open, the one before is opened again.
  async turn(): Promise<Reason | null> {
    const before = this.facing;
    this.close();
    this.facing = before === 'back' ? 'front' : 'back';
    const reason = await this.open();
    if (reason === null) return null;
    this.facing = before;
    await this.open();
    return reason;
  }

  async set(what: { torch?: boolean; zoom?: number }): Promise<boolean> {
    try {
      await this.track?.applyConstraints({ advanced: [what as MediaTrackConstraintSet] });
      this.changed();
      return true;
    } catch {
      return false;
    }
  }

  // A JPEG of what it sees: a photo where the browser can, else the picture as it is. While something is filmed the
  // engine has the picture, and the camera is left alone.
  async photo(): Promise<{ bytes: Blob; width: number; height: number }> {
    const Capture = (globalThis as { ImageCapture?: CaptureConstructor }).ImageCapture;
    const capture = Capture === undefined ? null : new Capture(this.track!);
    if (capture !== null) {
      try {
        const bytes = await inTime(capture.takePhoto());
        const { width, height } = await createImageBitmap(bytes);
        if (bytes.type === 'image/jpeg') return { bytes, width, height };
      } catch {
        // some cameras refuse it; the picture will do
      }
    }
    const picture = await this.still(capture);
    const canvas = document.createElement('canvas');
    const [width, height] = 'videoWidth' in picture ? [picture.videoWidth, picture.videoHeight] : [picture.width, picture.height];
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d')!.drawImage(picture, 0, 0);
    const bytes = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.92));
    if (bytes === null) throw new Error('no picture');
    return { bytes, width, height };
  }

  // What is shown anyhow, else a frame of the track. (A page in the background plays no element.)
  private async still(capture: Capture | null): Promise<HTMLVideoElement | ImageBitmap> {
    const { shown } = this;
    if (shown !== null && shown.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && shown.videoWidth > 0) return shown;
    if (capture !== null) return inTime(capture.grabFrame());
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.srcObject = new MediaStream([this.track!]);
    await inTime(video.play());
    return video;
  }

  close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop(); // says no "ended"
    this.stream = null;
    this.look('off');
  }

  private get track(): MediaStreamTrack | undefined {
    return this.stream?.getVideoTracks()[0];
  }

  private async ask(): Promise<Reason | null> {
    this.look('starting');
    const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
    if (mediaDevices === undefined) {
      this.look('lost');
      return 'no_camera';
    }
    const video = wanted(this.facing);
    let stream: MediaStream;
    this.microphone = null;
    try {
      stream = await mediaDevices.getUserMedia({ video, audio: voice });
    } catch {
      try {
        stream = await mediaDevices.getUserMedia({ video });
      } catch (error) {
        this.look('lost');
        return reasonOf(error, 'camera');
      }
      try {
        for (const track of (await mediaDevices.getUserMedia({ audio: voice })).getAudioTracks()) stream.addTrack(track);
      } catch (error) {
        this.microphone = reasonOf(error, 'microphone');
      }
    }
    this.stream = stream;
    const [track] = stream.getVideoTracks();
    track!.addEventListener('ended', () => void this.cameBack(stream));
    track!.addEventListener('mute', () => this.look('lost')); // a call
    track!.addEventListener('unmute', () => this.look('on'));
    this.project();
    this.look('on');
    return null;
  }

  private project(): void {
    const { shown, stream } = this;
    if (shown === null || stream === null) return;
    shown.srcObject = stream;
    shown.play().catch(() => undefined); // taken away again, or the page is hidden
  }

  // Another app took the camera, or it was unplugged.
  private async cameBack(stream: MediaStream): Promise<void> {
    if (this.stream !== stream) return;
    this.look('lost');
    this.stream = null;
    if ((await this.open()) === null) this.reopened(this.stream!);
    else this.lost();
  }

  private look(state: PictureState['state']): void {
    const { width = 0, height = 0 } = this.track?.getSettings() ?? {};
    this.picture = { state, widthPx: state === 'off' ? 0 : width, heightPx: state === 'off' ? 0 : height };
    this.changed();
  }
}
