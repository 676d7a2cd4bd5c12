// SPDX-License-Identifier: Apache-2.0
// 128-bit identifiers (UUIDv7, RFC 9562 section 5.7) as 22 characters of base64url.
import { base64urlDecode, base64urlEncode } from './bytes';

export const idTextSize = 22;

// The 16 bytes, or null unless `text` is exactly one id.
export function parseId(text: string): Uint8Array | null {
  return text.length === idTextSize ? base64urlDecode(text) : null;
}

export function isId(text: string): boolean {
  return parseId(text) !== null;
}

export function formatId(bytes: Uint8Array): string | null {
  return bytes.length === 16 ? base64urlEncode(bytes) : null;
}
