// SPDX-License-Identifier: Apache-2.0
// A deflated DICOM file (PS3.5 A.5) as the explicit one that it stands for. A few kilobytes may claim to be terabytes:
// no more is unpacked than a browser can hold.
import { Unshowable } from '../unshowable';
import { EXPLICIT } from './info';

const MOST_BYTES = 192 * 1024 * 1024;

/** `meta`: where its transfer syntax stands and where the packed part begins. */
export async function inflated(whole: Uint8Array, meta: { syntax: string; at: number; end: number }): Promise<Uint8Array> {
    const pieces = await unpacked(whole.slice(meta.end));
    const out = new Uint8Array(meta.end + pieces.reduce((sum, p) => sum + p.length, 0));
    out.set(whole.subarray(0, meta.end));
    out.fill(0, meta.at, meta.at + meta.syntax.length); // from here on it is what it holds
    out.set(new TextEncoder().encode(EXPLICIT), meta.at);
    let at = meta.end;
    for (const p of pieces) {
        out.set(p, at);
        at += p.length;
    }
    return out;
}

async function unpacked(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array[]> {
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
    const pieces: Uint8Array[] = [];
    for (let sum = 0; ;) {
        const { done, value } = await reader.read().catch(() => { throw new Unshowable('damaged'); });
        if (done) return pieces;
        sum += value.length;
        if (sum > MOST_BYTES) {
            await reader.cancel().catch(() => undefined);
            throw new Unshowable('too_large', `> ${MOST_BYTES / 1024 / 1024} MiB`);
        }
        pieces.push(value);
    }
}
