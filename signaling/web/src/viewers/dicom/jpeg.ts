// SPDX-License-Identifier: Apache-2.0
// Baseline JPEG of 8 bits, by the decoder of pdf.js. Colours come out as RGB, whatever the photometric name said.
import { JpegImage, setVerbosityLevel, VerbosityLevel } from 'pdfjs-dist/legacy/image_decoders/pdf.image_decoders.mjs';
import { Unshowable } from '../unshowable';
import { packed } from './decode';
import type { ImageInfo } from './info';
import type { Plane } from './plane';

interface Jpeg { width: number; height: number; numComponents: number; parse(bytes: Uint8Array): void; getData(how: { width: number; height: number; forceRGB?: boolean; isSourcePDF: boolean }): Uint8ClampedArray }

setVerbosityLevel(VerbosityLevel.ERRORS); // what it warns of is in nobody's console

export function decodeJpeg(info: ImageInfo, bytes: Uint8Array): Plane {
    if (precision(bytes) !== 8) throw new Unshowable('codec', `JPEG ${precision(bytes)} bit`);
    const jpeg = new (JpegImage as unknown as new () => Jpeg)();
    jpeg.parse(bytes);
    const { width, height, numComponents } = jpeg;
    const data = jpeg.getData({ width, height, isSourcePDF: false });
    return packed({ ...info, bitsStored: 8, photometric: numComponents === 3 ? 'RGB' : info.photometric }, { width, height }, new Uint8Array(data.buffer, data.byteOffset, data.length), numComponents);
}

/** Bits a sample, from the frame header. */
function precision(bytes: Uint8Array): number {
    for (let at = 2; at + 4 < bytes.length; ) {
        if (bytes[at] !== 0xff) { at++; continue; }
        const marker = bytes[at + 1]!;
        if (marker >= 0xc0 && marker <= 0xc2) return bytes[at + 4]!;
        at += marker === 0xff ? 1 : 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    }
    return 0;
}
