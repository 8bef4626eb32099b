// SPDX-License-Identifier: Apache-2.0
// How large a JPEG or PNG says it is, before anything unpacks it.
import type { Size } from '../placement';
import { Unshowable } from '../unshowable';

export const MOST_PIXELS = 120_000_000;

/** For the screen; refused before it is unpacked where it is no JPEG or PNG, or too large for a browser's memory. */
export async function unpackPicture(bytes: Uint8Array): Promise<ImageBitmap> {
    const size = pictureSize(bytes);
    if (!size) throw new Unshowable('unreadable');
    if (size.width * size.height > MOST_PIXELS) throw new Unshowable('too_large', `${size.width} × ${size.height}`);
    const type = bytes[0] === 0x89 ? 'image/png' : 'image/jpeg'; // nothing else is ever handed to the decoder
    try {
        return await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }));
    } catch {
        throw new Unshowable('damaged');
    }
}

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
