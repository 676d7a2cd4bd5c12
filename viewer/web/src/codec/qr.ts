// SPDX-License-Identifier: Apache-2.0
// QR codes (ISO/IEC 18004): a text as UTF-8 in byte mode, error correction M (15 % may be lost), versions 1 to
// 10, which is up to 213 bytes. Pure.

// Per version: error correction bytes of a block, and the data bytes of each block.
const layouts: readonly { correction: number; blocks: readonly number[] }[] = [
  { correction: 10, blocks: [16] },
  { correction: 16, blocks: [28] },
  { correction: 26, blocks: [44] },
  { correction: 18, blocks: [32, 32] },
  { correction: 24, blocks: [43, 43] },
  { correction: 16, blocks: [27, 27, 27, 27] },
  { correction: 18, blocks: [31, 31, 31, 31] },
  { correction: 22, blocks: [38, 38, 39, 39] },
  { correction: 22, blocks: [36, 36, 36, 37, 37] },
  { correction: 26, blocks: [43, 43, 43, 43, 44] },
];
const alignment: readonly (readonly number[])[] = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
];

const masks: readonly ((row: number, column: number) => boolean)[] = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

// The field of 256 elements modulo x^8 + x^4 + x^3 + x^2 + 1.
const powers = new Uint8Array(512);
const logarithms = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  powers[exponent] = powers[exponent + 255] = value;
  logarithms[value] = exponent;
  value <<= 1;
  if (value > 255) value ^= 0x11d;
}

function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : powers[logarithms[a]! + logarithms[b]!]!;
}

// The remainder of data times x^size by the generator with the roots 2^0 to 2^(size-1).
export function correctionOf(data: Uint8Array, size: number): Uint8Array {
  let generator = [1];
  for (let root = 0; root < size; root++) {
    const next = [...generator, 0];
    generator.forEach((factor, i) => (next[i + 1]! ^= times(factor, powers[root]!)));
    generator = next;
  }
  const rest = new Uint8Array(size);
  for (const byte of data) {
    const lead = byte ^ rest[0]!;
    rest.copyWithin(0, 1);
    rest[size - 1] = 0;
    for (let i = 0; i < size; i++) rest[i]! ^= times(generator[i + 1]!, lead);
  }
  return rest;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function dataBytes(text: Uint8Array, version: number): Uint8Array {
  const capacity = sum(layouts[version - 1]!.blocks);
  const bits: number[] = [];
  const put = (value: number, count: number): void => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
  };
  put(4, 4); // byte mode
  put(text.length, version < 10 ? 8 : 16);
  for (const byte of text) put(byte, 8);
  put(0, Math.min(4, capacity * 8 - bits.length));
  while (bits.length % 8 !== 0) bits.push(0);
  const bytes = new Uint8Array(capacity);
  for (let i = 0; i < bits.length; i++) bytes[i >> 3]! |= bits[i]! << (7 - (i & 7));
  for (let i = bits.length / 8, odd = true; i < capacity; i++, odd = !odd) bytes[i] = odd ? 0xec : 0x11;
  return bytes;
}

// Blocks and their corrections, woven byte by byte.
function codewords(text: Uint8Array, version: number): number[] {
  const { correction, blocks } = layouts[version - 1]!;
  const data = dataBytes(text, version);
  let at = 0;
  const parts = blocks.map((size) => data.subarray(at, (at += size)));
  const corrections = parts.map((part) => correctionOf(part, correction));
  const woven: number[] = [];
  for (const columns of [parts, corrections]) {
    for (let i = 0; i < Math.max(...columns.map((each) => each.length)); i++) {
      for (const each of columns) if (i < each.length) woven.push(each[i]!);
    }
  }
  return woven;
}

function withRemainder(value: number, bits: number, generator: number): number {
  let rest = value << bits;
  const top = 31 - Math.clz32(generator);
  for (let bit = 31 - Math.clz32(rest); rest !== 0 && bit >= top; bit = 31 - Math.clz32(rest)) {
    rest ^= generator << (bit - top);
  }
  return (value << bits) | rest;
}

class Grid {
  readonly dark: boolean[][];
  readonly fixed: boolean[][];

  constructor(readonly size: number) {
    this.dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
    this.fixed = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  }

  fix(row: number, column: number, dark: boolean): void {
    if (row < 0 || column < 0 || row >= this.size || column >= this.size) return;
    this.dark[row]![column] = dark;
    this.fixed[row]![column] = true;
  }

  drawPatterns(version: number): void {
    const { size } = this;
    for (let i = 0; i < size; i++) {
      this.fix(6, i, i % 2 === 0);
      this.fix(i, 6, i % 2 === 0);
    }
    for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]] as const) {
      for (let r = -4; r <= 4; r++) {
        for (let c = -4; c <= 4; c++) {
          const ring = Math.max(Math.abs(r), Math.abs(c));
          this.fix(row + r, column + c, ring !== 2 && ring !== 4);
        }
      }
    }
    const centres = alignment[version - 1]!;
    const last = centres.length - 1;
    centres.forEach((row, i) =>
      centres.forEach((column, k) => {
        if ((i === 0 && k === 0) || (i === 0 && k === last) || (i === last && k === 0)) return;
        for (let r = -2; r <= 2; r++) {
          for (let c = -2; c <= 2; c++) {
            this.fix(row + r, column + c, Math.max(Math.abs(r), Math.abs(c)) !== 1);
          }
        }
      }),
    );
    this.drawFormat(0); // its places are taken; what it says comes with the mask
    if (version < 7) return;
    const bits = withRemainder(version, 12, 0x1f25);
    for (let i = 0; i < 18; i++) {
      const dark = ((bits >> i) & 1) === 1;
      this.fix(Math.floor(i / 3), size - 11 + (i % 3), dark);
      this.fix(size - 11 + (i % 3), Math.floor(i / 3), dark);
    }
  }

  drawFormat(mask: number): void {
    const { size } = this;
    const bits = withRemainder(mask, 10, 0x537) ^ 0x5412; // error correction M is 00
    for (let i = 0; i < 15; i++) {
      const dark = ((bits >> i) & 1) === 1;
      // Around the corner at the top left, and once more along the other two.
      if (i < 6) this.fix(i, 8, dark);
      else if (i < 8) this.fix(i + 1, 8, dark);
      else if (i === 8) this.fix(8, 7, dark);
      else this.fix(8, 14 - i, dark);
      if (i < 8) this.fix(8, size - 1 - i, dark);
      else this.fix(size - 15 + i, 8, dark);
    }
    this.fix(size - 8, 8, true);
  }

  // Up and down in columns of two, from the right; what is fixed is stepped over.
  drawData(bytes: readonly number[]): void {
    let bit = 0;
    for (let right = this.size - 1, up = true; right > 0; right -= 2, up = !up) {
      if (right === 6) right--;
      for (let step = 0; step < this.size; step++) {
        const row = up ? this.size - 1 - step : step;
        for (const column of [right, right - 1]) {
          if (this.fixed[row]![column]!) continue;
          this.dark[row]![column] = (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
          bit++;
        }
      }
    }
  }

  // A second time takes it off again.
  apply(mask: number): void {
    const flips = masks[mask]!;
    this.dark.forEach((line, row) =>
      line.forEach((dark, column) => {
        if (!this.fixed[row]![column]! && flips(row, column)) line[column] = !dark;
      }),
    );
  }

  // How hard it is to read (section 7.8.3).
  penalty(): number {
    const { size, dark } = this;
    let points = 0;
    const line = (at: (i: number) => boolean): void => {
      let run = 0;
      let text = '';
      for (let i = 0; i < size; i++) {
        run = i > 0 && at(i) === at(i - 1) ? run + 1 : 1;
        if (run === 5) points += 3;
        else if (run > 5) points++;
        text += at(i) ? '1' : '0';
      }
      for (const like of ['10111010000', '00001011101']) {
        for (let i = text.indexOf(like); i >= 0; i = text.indexOf(like, i + 1)) points += 40;
      }
    };
    for (let i = 0; i < size; i++) {
      line((k) => dark[i]![k]!);
      line((k) => dark[k]![i]!);
    }
    for (let row = 1; row < size; row++) {
      for (let column = 1; column < size; column++) {
        const same = dark[row]![column]!;
        if (dark[row - 1]![column] === same && dark[row]![column - 1] === same && dark[row - 1]![column - 1] === same) {
          points += 3;
        }
      }
    }
    const share = (100 * sum(dark.map((each) => each.filter(Boolean).length))) / size ** 2;
    return points + 10 * Math.floor(Math.abs(share - 50) / 5);
  }
}

// Rows of dark modules, without the quiet zone of four around them; null: too long.
export function qrModules(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  const fits = (layout: (typeof layouts)[number], i: number): boolean =>
    bytes.length + (i < 9 ? 2 : 3) <= sum(layout.blocks);
  const version = layouts.findIndex(fits) + 1;
  if (version === 0) return null;
  const grid = new Grid(17 + 4 * version);
  grid.drawPatterns(version);
  grid.drawData(codewords(bytes, version));
  let best = 0;
  let least = Infinity;
  for (let mask = 0; mask < masks.length; mask++) {
    grid.apply(mask);
    grid.drawFormat(mask);
    const points = grid.penalty();
    if (points < least) [best, least] = [mask, points];
    grid.apply(mask);
  }
  grid.apply(best);
  grid.drawFormat(best);
  return grid.dark;
}

// One path in units of a module, for an SVG of that many on a side plus the quiet zone.
export function qrPath(modules: readonly (readonly boolean[])[], quiet = 4): string {
  return modules
    .flatMap((line, row) => line.map((dark, column) => (dark ? `M${column + quiet} ${row + quiet}h1v1h-1z` : '')))
    .join('');
}
