// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { hexDecode, hexEncode } from '../../../viewer/web/src/codec/bytes';
import {
  connectPacket,
  MqttError,
  PacketReader,
  publishPacket,
  subscribePacket,
  type Incoming,
} from '../src/net/mqtt_codec';

const bytes = (hex: string): Uint8Array => hexDecode(hex.replaceAll(' ', ''))!;

describe('what a device sends', () => {
  const device = { username: 'u', password: 'pw', keepAliveSeconds: 60 };
  it('is CONNECT with a clean start', () => {
    expect(hexEncode(connectPacket(device))).toBe(
      hexEncode(bytes('10 14 0004 4d515454 05 c2 003c 00 0000 0001 75 0002 7077')),
    );
  });
  it('is CONNECT with a retained last will', () => {
    const will = { topic: 't', payload: Uint8Array.of(9), qos: 1 as const, retain: true };
    expect(hexEncode(connectPacket({ ...device, will }))).toBe(
      hexEncode(bytes('10 1b 0004 4d515454 05 ee 003c 00 0000 00 0001 74 0001 09 0001 75 0002 7077')),
    );
  });
  it('is PUBLISH and SUBSCRIBE', () => {
    const payload = Uint8Array.of(1, 2);
    expect(hexEncode(publishPacket({ topic: 't', payload, qos: 0 }, 7))).toBe('3006' + '000174' + '00' + '0102');
    expect(hexEncode(publishPacket({ topic: 't', payload, qos: 1 }, 7))).toBe(
      '3208' + '000174' + '0007' + '00' + '0102',
    );
    expect(hexEncode(subscribePacket('t', 0, 258))).toBe('8207' + '0102' + '00' + '000174' + '00');
    const large = publishPacket({ topic: 't', payload: new Uint8Array(200), qos: 0 }, 0);
    expect(hexEncode(large.subarray(0, 3))).toBe('30cc01');
  });
});

describe('what a device reads', () => {
  const stream = bytes(
    '20 06 00 00 03 13 001e' + // CONNACK with the server's keep alive
      '90 04 0001 00 00' +
      '32 0b 0003 612f62 0005 00 010203' +
      '40 02 0007' +
      '40 03 0008 10' +
      'd0 00' +
      'e0 01 87',
  );
  const expected: Incoming[] = [
    { type: 'connack', reason: 0, keepAliveSeconds: 30 },
    { type: 'suback', packetId: 1, reasons: [0] },
    { type: 'publish', topic: 'a/b', payload: Uint8Array.of(1, 2, 3), packetId: 5 },
    { type: 'puback', packetId: 7, reason: 0 },
    { type: 'puback', packetId: 8, reason: 0x10 },
    { type: 'pingresp' },
    { type: 'disconnect', reason: 0x87 },
  ];
  it('is the same however it is cut', () => {
    for (let step = 1; step <= stream.length; step++) {
      const reader = new PacketReader();
      const read: Incoming[] = [];
      for (let at = 0; at < stream.length; at += step) read.push(...reader.take(stream.subarray(at, at + step)));
      expect(read).toEqual(expected);
    }
  });
  it.each([
    ['a packet only clients send', '8200'],
    ['a length that does not end', '30ffffffff01'],
    ['a packet larger than any of ours', '30ffff7f'],
    ['a message with QoS 2', '3405' + '000174' + '0001'],
    ['a topic beyond its packet', '3003' + '0009' + '74'],
    ['a topic that is not UTF-8', '3004' + '0001' + 'ff' + '00'],
    ['properties beyond their packet', '2003' + '0000' + '05'],
    ['a property that there is not', '2005' + '0000' + '02' + '7f00'],
  ])('is never %s', (_name, hex) => {
    expect(() => new PacketReader().take(bytes(hex))).toThrow(MqttError);
  });
});
