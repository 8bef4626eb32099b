// SPDX-License-Identifier: Apache-2.0
// How large a JPEG or PNG says it is, before anything unpacks it.
import type { Size } from '../placement';

export function pictureSize(b: Uint8Array): Size | null {
    if (b[0] === 0x89 && b[1] === 0x50 && b[2] === 0x4e && b[3] === 0x47 && b.length >= 24) {
        const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
        return { width: view.getUint32(16), height: view.getUint32(20) };
    }
    return b[0] === 0xff && b[1] === 0xd8 ? jpegSize(b) : null;
}

function jpegSize(b: Uint8Array): Size | null {
    for (let at = 2; at + 9 < b.length; ) {
        if (b[at] !== 0xff) return null;
        const marker = b[at + 1]!;
        if (marker === 0xff) { at++; continue; }
        if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) return { height: (b[at + 5]! << 8) | b[at + 6]!, width: (b[at + 7]! << 8) | b[at + 8]! };
        at += 2 + ((b[at + 2]! << 8) | b[at + 3]!);
    }
    return null;
}
