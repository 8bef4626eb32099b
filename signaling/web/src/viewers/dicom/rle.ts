// SPDX-License-Identifier: Apache-2.0
// DICOM RLE (PS3.5 annex G): PackBits segments, one for each byte of each sample, most significant first.
import { Unshowable } from '../unshowable';
import type { ImageInfo } from './info';

const HEADER = 64;

/** Little-endian samples; colour comes out plane by plane. */
export function unpackRle(info: ImageInfo, frame: Uint8Array): Uint8Array {
    if (frame.length < HEADER) throw new Unshowable('cut_short');
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const bytes = info.bitsAllocated / 8;
    const segments = view.getUint32(0, true);
    if (segments !== bytes * info.channels) throw new Unshowable('damaged', 'RLE');
    const count = info.rows * info.columns;
    const out = new Uint8Array(count * bytes * info.channels);
    for (let s = 0; s < segments; s++) {
        const from = view.getUint32(4 + 4 * s, true);
        const to = s + 1 < segments ? view.getUint32(8 + 4 * s, true) : frame.length;
        if (from < HEADER || from > frame.length) throw new Unshowable('cut_short');
        const sample = Math.floor(s / bytes);
        const first = sample * count * bytes + (bytes - 1 - (s % bytes));
        segment(frame.subarray(from, Math.min(to, frame.length)), out, first, bytes, count);
    }
    return out;
}

function segment(packed: Uint8Array, out: Uint8Array, first: number, step: number, count: number): void {
    let n = 0;
    for (let at = 0; at < packed.length && n < count; ) {
        const control = (packed[at++]! << 24) >> 24;
        if (control >= 0) for (let i = 0; i <= control && n < count && at < packed.length; i++) out[first + step * n++] = packed[at++]!;
        else if (control !== -128) for (let i = 0, v = packed[at++]!; i <= -control && n < count; i++) out[first + step * n++] = v;
    }
}
