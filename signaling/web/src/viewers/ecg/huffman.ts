// SPDX-License-Identifier: Apache-2.0
// Entropy coding of SCP-ECG (EN 1064, annex C): codes of a table, or its default table, to signed 16-bit numbers.
import { Unshowable } from '../unshowable';

interface Code {
    prefix: number; // first bit read is the highest
    prefixBits: number;
    extraBits: number; // the number itself follows in so many bits
    switchTo: number; // -1: this code is a value; otherwise the table that comes next
    base: number;
}

export type Table = Map<number, Code>; // key: bits << 24 | prefix, see `key`

const LONGEST_CODE = 32;
const MOST_CODES = 1024;
const key = (bits: number, prefix: number): number => bits * 0x1_0000_0000 + prefix;

function tableOf(codes: Code[]): Table {
    return new Map(codes.map((c) => [key(c.prefixBits, c.prefix), c]));
}

/** EN 1064 default table: n ones, 0 and a sign for ±1..±8; two escapes of ten bits. */
export const DEFAULT: Table = tableOf([
    { prefix: 0, prefixBits: 1, extraBits: 0, switchTo: -1, base: 0 },
    ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [0, 1].map((negative) => ({ prefix: (((1 << n) - 1) << 2) | negative, prefixBits: n + 2, extraBits: 0, switchTo: -1, base: negative ? -n : n }))),
    { prefix: 0x3fe, prefixBits: 10, extraBits: 8, switchTo: -1, base: 0 },
    { prefix: 0x3ff, prefixBits: 10, extraBits: 16, switchTo: -1, base: 0 },
]);

/** In the file the first bit of a code is its lowest. */
function reversed(value: number, bits: number): number {
    let out = 0;
    for (let i = 0; i < bits; i++) out = out * 2 + (Math.floor(value / 2 ** i) & 1);
    return out;
}

/** Section 2: its own tables, or the default. */
export function readTables(view: DataView): Table[] {
    const count = view.getUint16(0, true);
    if (count === 19999) return [DEFAULT];
    const tables: Table[] = [];
    let at = 2;
    for (let t = 0; t < count; t++) {
        const codes: Code[] = [];
        const structures = view.getUint16(at, true);
        at += 2;
        if (structures > MOST_CODES) throw new Unshowable('damaged', 'Huffman');
        for (let i = 0; i < structures; i++, at += 9) {
            const prefixBits = view.getUint8(at);
            if (prefixBits === 0 || prefixBits > LONGEST_CODE) throw new Unshowable('damaged', 'Huffman');
            const base = view.getInt16(at + 3, true);
            const value = view.getUint8(at + 2) !== 0; // 0: a switch of tables
            codes.push({ prefix: reversed(view.getUint32(at + 5, true), prefixBits), prefixBits, extraBits: value ? Math.max(0, view.getUint8(at + 1) - prefixBits) : 0, switchTo: value ? -1 : base - 1, base });
        }
        tables.push(tableOf(codes));
    }
    return tables;
}

/** `count` numbers, or as many as there are. */
export function decode(bytes: Uint8Array, tables: Table[], count: number): Int32Array {
    const out = new Int32Array(count);
    const total = bytes.length * 8;
    let at = 0;
    let table = tables[0]!;
    const bits = (n: number): number => {
        let v = 0;
        for (let i = 0; i < n; i++, at++) v = (v << 1) | ((bytes[at >> 3]! >> (7 - (at & 7))) & 1);
        return v;
    };
    for (let n = 0; n < count; ) {
        const code = nextCode(bits, table, () => at < total);
        if (!code) return out.subarray(0, n);
        if (code.switchTo >= 0) {
            table = tables[code.switchTo] ?? table;
            continue;
        }
        if (at + code.extraBits > total) return out.subarray(0, n);
        out[n++] = code.extraBits === 0 ? code.base : (bits(code.extraBits) << (32 - code.extraBits)) >> (32 - code.extraBits);
    }
    return out;
}

function nextCode(bits: (n: number) => number, table: Table, more: () => boolean): Code | null {
    let prefix = 0;
    for (let length = 1; length <= LONGEST_CODE && more(); length++) {
        prefix = prefix * 2 + bits(1);
        const code = table.get(key(length, prefix));
        if (code) return code;
    }
    return null;
}
