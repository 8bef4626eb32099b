// SPDX-License-Identifier: Apache-2.0
// How large a coded frame says it is: JPEG and JPEG-LS by their frame header, JPEG 2000 by SIZ. Nothing is unpacked.

const CODESTREAM_LOOK = 4096; // boxes of a JP2 file before the codestream

export function codedSize(b: Uint8Array): { width: number; height: number } | null {
    if (b[0] === 0xff && b[1] === 0xd8) return jpegSize(b);
    for (let at = 0; at + 24 < b.length && at < CODESTREAM_LOOK; at++)
        if (b[at] === 0xff && b[at + 1] === 0x4f && b[at + 2] === 0xff && b[at + 3] === 0x51) return sizOf(new DataView(b.buffer, b.byteOffset + at, b.length - at));
    return null;
}

/** ISO/IEC 15444-1 A.5.1: the grid less its offset. */
function sizOf(v: DataView): { width: number; height: number } | null {
    return v.byteLength < 24 ? null : { width: v.getUint32(8) - v.getUint32(16), height: v.getUint32(12) - v.getUint32(20) };
}

/** SOF0 to SOF15, and SOF55 of JPEG-LS; DHT, JPG and DAC lie between them. */
function jpegSize(b: Uint8Array): { width: number; height: number } | null {
    for (let at = 2; at + 9 < b.length; ) {
        if (b[at] !== 0xff) return null;
        const marker = b[at + 1]!;
        if (marker === 0xff) { at++; continue; }
        const frame = (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) || marker === 0xf7;
        if (frame) return { height: (b[at + 5]! << 8) | b[at + 6]!, width: (b[at + 7]! << 8) | b[at + 8]! };
        at += 2 + ((b[at + 2]! << 8) | b[at + 3]!);
    }
    return null;
}
