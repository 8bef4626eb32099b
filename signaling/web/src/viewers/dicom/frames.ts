// SPDX-License-Identifier: Apache-2.0
// Where the bytes of each frame lie: one after another, or as fragments of an encapsulated stream (PS3.5 A.4). Works
// on what has come so far, so that the first frame is seen before the last is here.
import { Unshowable } from '../unshowable';
import { frameBytes, type ImageInfo } from './info';

const ITEM = 0xe000fffe;
const SEQUENCE_END = 0xe0ddfffe;

interface Fragments { offsets: number[]; parts: { at: number; from: number; to: number }[]; complete: boolean }

/** `at` of a part: its item's place counted as the offset table counts. */
function fragmentsOf(bytes: Uint8Array, at: number): Fragments {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out: Fragments = { offsets: [], parts: [], complete: false };
    let first = -1;
    while (at + 8 <= bytes.length) {
        const tag = view.getUint32(at, true);
        const length = view.getUint32(at + 4, true);
        if (tag === SEQUENCE_END) return { ...out, complete: true };
        if (tag !== ITEM) throw new Unshowable('damaged', 'fragments');
        if (at + 8 + length > bytes.length) return out;
        if (first < 0) {
            for (let i = 0; i + 4 <= length; i += 4) out.offsets.push(view.getUint32(at + 8 + i, true));
            first = at + 8 + length;
        } else out.parts.push({ at: at - first, from: at + 8, to: at + 8 + length });
        at += 8 + length;
    }
    return out;
}

/** Parts that make up frame `n`, by the offset table, or when `all` is here by number or by where a picture begins. */
function partsOf(f: Fragments, bytes: Uint8Array, frames: number, n: number, all: boolean): Fragments['parts'] | null {
    if (frames === 1) return f.complete || f.parts.length > 0 ? f.parts : null;
    if (f.offsets.length === frames) {
        const [begin, end] = [f.offsets[n]!, f.offsets[n + 1] ?? Infinity];
        const parts = f.parts.filter((p) => p.at >= begin && p.at < end);
        return parts.length && (f.complete || f.parts.some((p) => p.at >= end)) ? parts : null;
    }
    if (!f.complete && !all) return null; // a part of a frame looks like a frame
    if (f.complete && f.parts.length === frames) return [f.parts[n]!];
    const starts = f.parts.flatMap((p, i) => (bytes[p.from] === 0xff && (bytes[p.from + 1] === 0xd8 || bytes[p.from + 1] === 0x4f) ? [i] : []));
    if (starts.length > 0) return n < starts.length ? f.parts.slice(starts[n], starts[n + 1]) : null;
    if (f.parts.length > frames) throw new Unshowable('damaged', 'fragments');
    return f.parts[n] ? [f.parts[n]!] : null;
}

/**
 * Bytes of frame `n` out of what is here; null: not yet. `all`: nothing more will come, so what is there of a native
 * frame is given (`short`), and an encapsulated one that is missing is cut short.
 */
export function frameOf(info: ImageInfo, bytes: Uint8Array, n: number, all: boolean): { bytes: Uint8Array; short: boolean } | null {
    if (!info.pixels.encapsulated) {
        const size = frameBytes(info);
        const from = info.pixels.at + n * size;
        if (from + size <= bytes.length) return { bytes: bytes.subarray(from, from + size), short: false };
        return all ? { bytes: bytes.subarray(Math.min(from, bytes.length)), short: true } : null;
    }
    const found = fragmentsOf(bytes, info.pixels.at);
    if (!found.complete && !all && info.frames === 1) return null;
    const parts = partsOf(found, bytes, info.frames, n, all);
    if (!parts) {
        if (all) throw new Unshowable('cut_short');
        return null;
    }
    return { bytes: joined(parts.map((p) => bytes.subarray(p.from, p.to))), short: all && !found.complete };
}

function joined(parts: Uint8Array[]): Uint8Array {
    if (parts.length === 1) return parts[0]!;
    const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
    let at = 0;
    for (const p of parts) {
        out.set(p, at);
        at += p.length;
    }
    return out;
}
