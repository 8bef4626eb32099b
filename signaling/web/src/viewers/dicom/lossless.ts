// SPDX-License-Identifier: Apache-2.0
// Lossless JPEG (ITU-T T.81 process 14, annex H): what X-ray and CT machines of many makers send. One component or
// three interleaved, 2..16 bits, all seven predictors, restart intervals.
import { Unshowable } from '../unshowable';

export interface Unpacked { width: number; height: number; components: number; bits: number; data: Uint16Array }

interface Huffman { least: Int32Array; most: Int32Array; first: Int32Array; values: Uint8Array }

interface State { width: number; height: number; bits: number; components: { id: number; table: number }[]; tables: Huffman[]; predictor: number; shift: number; restart: number }

const bad = (): Unshowable => new Unshowable('damaged', 'JPEG');

/** Tables of T.81 annex F.2.2.3: codes of each length in order. */
function huffman(bytes: Uint8Array, at: number): { table: Huffman; next: number } {
    const [least, most, first] = [new Int32Array(17), new Int32Array(17).fill(-1), new Int32Array(17)];
    let code = 0;
    let k = 0;
    for (let length = 1; length <= 16; length++) {
        const count = bytes[at + length - 1] ?? 0;
        first[length] = k;
        least[length] = code;
        if (count) most[length] = code + count - 1;
        code = (code + count) << 1;
        k += count;
    }
    return { table: { least, most, first, values: bytes.subarray(at + 16, at + 16 + k) }, next: at + 16 + k };
}

/** Bits of the scan; a marker ends them. */
class Bits {
    private hold = 0;
    private left = 0;
    constructor(private readonly bytes: Uint8Array, public at: number) {}

    bit(): number {
        if (this.left === 0) {
            if (this.at >= this.bytes.length) throw new Unshowable('cut_short');
            this.hold = this.bytes[this.at++]!;
            if (this.hold === 0xff) {
                if (this.bytes[this.at] !== 0) throw this.at >= this.bytes.length ? new Unshowable('cut_short') : bad();
                this.at++;
            }
            this.left = 8;
        }
        return (this.hold >> --this.left) & 1;
    }

    take(n: number): number {
        let v = 0;
        for (let i = 0; i < n; i++) v = (v << 1) | this.bit();
        return v;
    }

    /** The difference that comes next (H.1.2.2): its number of bits by Huffman code, then the bits. */
    difference(t: Huffman): number {
        let code = 0;
        for (let length = 1; length <= 16; length++) {
            code = (code << 1) | this.bit();
            if (code > t.most[length]! || t.most[length]! < 0) continue;
            const size = t.values[t.first[length]! + code - t.least[length]!]!;
            if (size === 0) return 0;
            if (size === 16) return 32768;
            const v = this.take(size);
            return v < 1 << (size - 1) ? v - (1 << size) + 1 : v;
        }
        throw bad();
    }

    /** Past a restart marker. */
    restart(): void {
        this.left = 0;
        if (this.bytes[this.at] !== 0xff || ((this.bytes[this.at + 1] ?? 0) & 0xf8) !== 0xd0) throw bad();
        this.at += 2;
    }
}

export function unpackLossless(bytes: Uint8Array): Unpacked {
    const s: State = { width: 0, height: 0, bits: 0, components: [], tables: [], predictor: 1, shift: 0, restart: 0 };
    if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw bad();
    for (let at = 2; at + 4 <= bytes.length; ) {
        if (bytes[at] !== 0xff) throw bad();
        const marker = bytes[at + 1]!;
        if (marker === 0xff) { at++; continue; }
        const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
        const body = bytes.subarray(at + 4, at + 2 + length);
        at += 2 + length;
        if (marker === 0xc3) frame(s, body);
        else if (marker === 0xc4) tables(s, body);
        else if (marker === 0xdd) s.restart = (body[0]! << 8) | body[1]!;
        else if (marker === 0xda) return scan(s, body, new Bits(bytes, at));
        else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) throw new Unshowable('codec', 'JPEG');
    }
    throw new Unshowable('cut_short');
}

function frame(s: State, body: Uint8Array): void {
    s.bits = body[0]!;
    s.height = (body[1]! << 8) | body[2]!;
    s.width = (body[3]! << 8) | body[4]!;
    const count = body[5]!;
    if (s.bits < 2 || s.bits > 16 || !s.width || !s.height || (count !== 1 && count !== 3)) throw bad();
    s.components = Array.from({ length: count }, (_, i) => {
        if (body[7 + 3 * i] !== 0x11) throw new Unshowable('codec', 'JPEG subsampling');
        return { id: body[6 + 3 * i]!, table: 0 };
    });
}

function tables(s: State, body: Uint8Array): void {
    for (let at = 0; at + 17 <= body.length; ) {
        const { table, next } = huffman(body, at + 1);
        s.tables[body[at]! & 3] = table;
        at = next;
    }
}

function scan(s: State, body: Uint8Array, bits: Bits): Unpacked {
    if (s.components.length === 0 || body[0] !== s.components.length) throw new Unshowable('codec', 'JPEG scans');
    s.components.forEach((c, i) => (c.table = body[2 + 2 * i]! >> 4));
    s.predictor = body[1 + 2 * s.components.length]!;
    s.shift = body[3 + 2 * s.components.length]! & 15;
    if (s.predictor < 1 || s.predictor > 7) throw bad();
    const n = s.components.length;
    const data = new Uint16Array(s.width * s.height * n);
    const chosen = s.components.map((c) => { const t = s.tables[c.table]; if (!t) throw bad(); return t; });
    const start = 1 << (s.bits - s.shift - 1);
    const row = s.width * n;
    let until = s.restart || Infinity; // samples to the next restart
    let fresh = true; // the first line after a start is predicted from the left only
    for (let y = 0, at = 0; y < s.height; y++) {
        if (y > 0) fresh = false;
        for (let x = 0; x < s.width; x++) {
            if (until-- === 0) {
                bits.restart();
                until = s.restart - 1;
                fresh = true;
            }
            for (let c = 0; c < n; c++, at++) data[at] = (predict(data, at, x, fresh, row, n, s.predictor, start) + bits.difference(chosen[c]!)) & 0xffff;
        }
    }
    if (s.shift) for (let i = 0; i < data.length; i++) data[i] = data[i]! << s.shift;
    return { width: s.width, height: s.height, components: n, bits: s.bits, data };
}

/** Table H.1 of T.81: Ra left, Rb above, Rc above left. */
function predict(d: Uint16Array, at: number, x: number, fresh: boolean, row: number, n: number, predictor: number, start: number): number {
    if (fresh) return x === 0 ? start : d[at - n]!;
    if (x === 0) return d[at - row]!;
    const [ra, rb, rc] = [d[at - n]!, d[at - row]!, d[at - row - n]!];
    switch (predictor) {
        case 1: return ra;
        case 2: return rb;
        case 3: return rc;
        case 4: return ra + rb - rc;
        case 5: return ra + ((rb - rc) >> 1);
        case 6: return rb + ((ra - rc) >> 1);
        default: return (ra + rb) >> 1;
    }
}
