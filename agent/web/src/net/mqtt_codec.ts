// SPDX-License-Identifier: Apache-2.0
// MQTT 5 (OASIS), as much of it as a device speaks: CONNECT, PUBLISH with QoS 0 and 1, SUBSCRIBE, and their
// answers. Pure; what comes from the broker is checked before use (MqttError).

export class MqttError extends Error {}

export interface Message {
  topic: string;
  payload: Uint8Array;
  qos: 0 | 1;
  retain?: boolean;
}

export interface ConnectSettings {
  username: string;
  password: string;
  keepAliveSeconds: number;
  will?: Message;
}

export type Incoming =
  | { type: 'connack'; reason: number; keepAliveSeconds: number | null }
  | { type: 'publish'; topic: string; payload: Uint8Array; packetId: number } // 0: QoS 0
  | { type: 'puback'; packetId: number; reason: number }
  | { type: 'suback'; packetId: number; reasons: number[] }
  | { type: 'pingresp' }
  | { type: 'disconnect'; reason: number };

const encoder = new TextEncoder();

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function string(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length > 0xffff) throw new MqttError('a string is too long');
  return Uint8Array.from([...u16(bytes.length), ...bytes]);
}

function binary(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0xffff) throw new MqttError('a will is too long');
  const out = new Uint8Array(2 + bytes.length);
  out.set(u16(bytes.length));
  out.set(bytes, 2);
  return out;
}

function packet(first: number, ...pieces: (Uint8Array | number[])[]): Uint8Array<ArrayBuffer> {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const header = [first];
  let rest = size;
  do {
    header.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  const out = new Uint8Array(header.length + size);
  out.set(header);
  let at = header.length;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

const noProperties = [0];

export function connectPacket(settings: ConnectSettings): Uint8Array<ArrayBuffer> {
  const { will } = settings;
  let flags = 0xc2; // username, password, clean start
  if (will !== undefined) flags |= 0x04 | (will.qos << 3) | (will.retain === true ? 0x20 : 0);
  const pieces: (Uint8Array | number[])[] = [
    string('MQTT'),
    [5, flags, ...u16(settings.keepAliveSeconds)],
    noProperties,
    string(''), // the broker puts the username there
  ];
  if (will !== undefined) pieces.push(noProperties, string(will.topic), binary(will.payload));
  pieces.push(string(settings.username), string(settings.password));
  return packet(0x10, ...pieces);
}

// `packetId`: of QoS 1, 1 to 65535.
export function publishPacket(message: Message, packetId: number): Uint8Array<ArrayBuffer> {
  const first = 0x30 | (message.qos << 1) | (message.retain === true ? 1 : 0);
  const id = message.qos === 0 ? [] : u16(packetId);
  return packet(first, string(message.topic), id, noProperties, message.payload);
}

export function subscribePacket(topic: string, qos: 0 | 1, packetId: number): Uint8Array<ArrayBuffer> {
  return packet(0x82, u16(packetId), noProperties, string(topic), [qos]);
}

export const pubackPacket = (packetId: number): Uint8Array<ArrayBuffer> => packet(0x40, u16(packetId));
export const pingPacket = (): Uint8Array<ArrayBuffer> => packet(0xc0);
export const disconnectPacket = (): Uint8Array<ArrayBuffer> => packet(0xe0);

// The fields of one packet's body.
class Fields {
  private at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  take(size: number): Uint8Array {
    if (size > this.bytes.length - this.at) throw new MqttError('a packet is cut off');
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
  u8(): number {
    return this.take(1)[0]!;
  }
  u16(): number {
    return this.u8() * 256 + this.u8();
  }
  // Properties: their length is a variable byte integer.
  properties(): Uint8Array {
    let size = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.take(size);
    }
    throw new MqttError('properties without an end');
  }
  text(): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(this.u16()));
    } catch (error) {
      if (error instanceof MqttError) throw error;
      throw new MqttError('a topic is not UTF-8');
    }
  }
  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at);
  }
  get left(): number {
    return this.bytes.length - this.at;
  }
}

// Length of each property's value (MQTT 5 section 2.2.2.2); -1: a string or binary, -2: two, -3: a
// variable byte integer.
const propertySizes = new Map<number, number>([
  [0x01, 1], [0x02, 4], [0x03, -1], [0x08, -1], [0x09, -1], [0x0b, -3], [0x11, 4], [0x12, -1],
  [0x13, 2], [0x15, -1], [0x16, -1], [0x17, 1], [0x18, 4], [0x19, 1], [0x1a, -1], [0x1c, -1],
  [0x1f, -1], [0x21, 2], [0x22, 2], [0x23, 2], [0x24, 1], [0x25, 1], [0x26, -2], [0x27, 4],
  [0x28, 1], [0x29, 1], [0x2a, 1],
]); // prettier-ignore

const serverKeepAlive = 0x13;

function keepAliveOf(properties: Uint8Array): number | null {
  const fields = new Fields(properties);
  let found: number | null = null;
  while (fields.left > 0) {
    const name = fields.u8();
    const size = propertySizes.get(name);
    if (size === undefined) throw new MqttError('an unknown property');
    if (name === serverKeepAlive) found = fields.u16();
    else if (size >= 0) fields.take(size);
    else if (size === -3) {
      while (fields.u8() >= 0x80);
    } else for (let i = size; i < 0; i++) fields.take(fields.u16());
  }
  return found;
}

function read(first: number, body: Uint8Array): Incoming {
  const fields = new Fields(body);
  switch (first >> 4) {
    case 2: {
      fields.u8(); // session present: never, ours are clean
      const reason = fields.u8();
      return { type: 'connack', reason, keepAliveSeconds: keepAliveOf(fields.properties()) };
    }
    case 3: {
      const qos = (first >> 1) & 3;
      if (qos > 1) throw new MqttError('a message with a QoS that was not asked for');
      const topic = fields.text();
      const packetId = qos === 0 ? 0 : fields.u16();
      fields.properties();
      return { type: 'publish', topic, payload: fields.rest().slice(), packetId };
    }
    case 4: {
      const packetId = fields.u16();
      return { type: 'puback', packetId, reason: fields.left > 0 ? fields.u8() : 0 };
    }
    case 9: {
      const packetId = fields.u16();
      fields.properties();
      return { type: 'suback', packetId, reasons: [...fields.rest()] };
    }
    case 13:
      return { type: 'pingresp' };
    case 14:
      return { type: 'disconnect', reason: fields.left > 0 ? fields.u8() : 0 };
    default:
      throw new MqttError(`a packet of type ${first >> 4}`);
  }
}

// The largest that the hub sends a device: a receipt with what stands around it.
const maxPacketBytes = 320 * 1024;

// A stream of packets, cut anywhere. Throws MqttError; nothing can be read after that.
export class PacketReader {
  private held = new Uint8Array(0);

  take(bytes: Uint8Array): Incoming[] {
    const all = new Uint8Array(this.held.length + bytes.length);
    all.set(this.held);
    all.set(bytes, this.held.length);
    const packets: Incoming[] = [];
    let at = 0;
    for (;;) {
      let size = 0;
      let start = 0;
      for (let i = 1; i <= 4 && at + i < all.length; i++) {
        const byte = all[at + i]!;
        size |= (byte & 0x7f) << (7 * (i - 1));
        if (byte < 0x80) {
          start = at + i + 1;
          break;
        }
        if (i === 4) throw new MqttError('a packet without a length');
      }
      if (size > maxPacketBytes) throw new MqttError('a packet that is too large');
      if (start === 0 || all.length - start < size) break;
      packets.push(read(all[at]!, all.subarray(start, start + size)));
      at = start + size;
    }
    this.held = all.slice(at);
    return packets;
  }
}
