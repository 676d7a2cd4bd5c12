// SPDX-License-Identifier: Apache-2.0
// One connection to the broker through the gateway's tunnel. It never connects again by itself: whoever
// uses it makes a new one, and nothing waits here that the spool does not have. Errors and the other
// side's end arrive once, at `ended`, with a cause of proto/README.md.
import {
  connectPacket,
  disconnectPacket,
  MqttError,
  PacketReader,
  pingPacket,
  pubackPacket,
  publishPacket,
  subscribePacket,
  type ConnectSettings,
  type Incoming,
  type Message,
} from './mqtt_codec';

export interface Listener {
  opened?(): void; // the tunnel is there; the broker has not answered yet
  connected(): void;
  message(topic: string, payload: Uint8Array): void;
  // PUBACK. Reason 0: the broker has it; 0x10: no hub was there; from 0x80 on: refused.
  published(packetId: number, reason: number): void;
  ended(cause: 'no_link' | 'not_admitted'): void;
}

// Reasons of CONNACK and DISCONNECT that say who we are is the matter (MQTT 5 section 2.4).
const notAdmitted = new Set([0x84, 0x85, 0x86, 0x87, 0x8a, 0x8c]);
const lastPacketId = 0xffff;

export class MqttConnection {
  private readonly socket: WebSocket;
  private readonly reader = new PacketReader();
  private packetId = 0;
  private pinging: ReturnType<typeof setInterval> | undefined;
  private heard = true; // since the last ping
  private over = false;
  private sent = 0;

  // `url`: ws:// or wss://, the gateway's /api/v1/mqtt.
  constructor(
    url: string,
    private readonly settings: ConnectSettings,
    private readonly listener: Listener,
  ) {
    this.socket = new WebSocket(url, 'mqtt');
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => {
      this.send(connectPacket(settings));
      this.listener.opened?.();
    };
    this.socket.onmessage = (event: MessageEvent<unknown>) => this.take(event.data);
    this.socket.onclose = () => this.end('no_link');
  }

  // The packet's id, which published() will name; 0 with QoS 0.
  publish(message: Message): number {
    const id = message.qos === 0 ? 0 : this.nextId();
    this.send(publishPacket(message, id));
    return id;
  }

  subscribe(topic: string, qos: 0 | 1): void {
    this.send(subscribePacket(topic, qos, this.nextId()));
  }

  // Bytes that the browser has not handed to the network yet.
  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  // Bytes that were sent so far; of these the newest `bufferedBytes` wait in the browser.
  get sentBytes(): number {
    return this.sent;
  }

  // A goodbye: the broker does not publish the will.
  close(): void {
    if (this.socket.readyState === WebSocket.OPEN) this.send(disconnectPacket());
    this.drop();
  }

  // Without a goodbye: a link that was given up.
  drop(): void {
    this.over = true;
    clearInterval(this.pinging);
    this.socket.close();
  }

  // A socket that is closing takes nothing any more: its end is on its way to `ended`.
  private send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.sent += bytes.length;
    this.socket.send(bytes);
  }

  private nextId(): number {
    this.packetId = (this.packetId % lastPacketId) + 1;
    return this.packetId;
  }

  private take(data: unknown): void {
    if (this.over) return;
    try {
      if (!(data instanceof ArrayBuffer)) throw new MqttError('a text message');
      for (const incoming of this.reader.take(new Uint8Array(data))) this.on(incoming);
    } catch (error) {
      if (!(error instanceof MqttError)) throw error;
      this.end('no_link');
    }
  }

  private on(incoming: Incoming): void {
    if (this.over) return;
    this.heard = true;
    switch (incoming.type) {
      case 'connack':
        if (incoming.reason !== 0) {
          return this.end(notAdmitted.has(incoming.reason) ? 'not_admitted' : 'no_link');
        }
        this.keepAlive(incoming.keepAliveSeconds ?? this.settings.keepAliveSeconds);
        return this.listener.connected();
      case 'publish':
        if (incoming.packetId !== 0) this.send(pubackPacket(incoming.packetId));
        return this.listener.message(incoming.topic, incoming.payload);
      case 'puback':
        return this.listener.published(incoming.packetId, incoming.reason);
      case 'suback':
        if (incoming.reasons.some((reason) => reason >= 0x80)) this.end('not_admitted');
        return;
      case 'pingresp':
        return;
      case 'disconnect':
        return this.end(notAdmitted.has(incoming.reason) ? 'not_admitted' : 'no_link');
    }
  }

  private keepAlive(seconds: number): void {
    if (seconds === 0) return;
    this.pinging = setInterval(() => {
      if (!this.heard) return this.end('no_link');
      this.heard = false;
      this.send(pingPacket());
    }, seconds * 500);
  }

  private end(cause: 'no_link' | 'not_admitted'): void {
    if (this.over) return;
    this.drop();
    this.listener.ended(cause);
  }
}
