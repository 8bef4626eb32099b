// SPDX-License-Identifier: Apache-2.0
// Transfer syntaxes and what unpacks each; heavy decoders come as parts of their own when a file needs one. All are
// plain scripts: nothing that a strict content policy would have to allow.
import { Unshowable } from '../unshowable';
import { BIG_ENDIAN, EXPLICIT, IMPLICIT, type ImageInfo } from './info';
import { codedSize } from './coded';
import { fromNative, toPlane, type Plane, type Samples } from './plane';
import { unpackRle } from './rle';

type Decoder = (info: ImageInfo, bytes: Uint8Array) => Promise<Plane> | Plane;

const jpeg: Decoder = async (info, bytes) => (await import('./jpeg')).decodeJpeg(info, bytes);
const jpegLs: Decoder = async (info, bytes) => (await import('./jpegls')).decodeJpegLs(info, bytes);
const jpeg2000: Decoder = async (info, bytes) => (await import('./jpeg2000')).decodeJpeg2000(info, bytes);

async function lossless(info: ImageInfo, bytes: Uint8Array): Promise<Plane> {
    const { unpackLossless } = await import('./lossless');
    const picture = unpackLossless(bytes);
    return packed(info, picture, picture.data, picture.components);
}

const DECODERS: Record<string, Decoder> = {
    [IMPLICIT]: fromNative, [EXPLICIT]: fromNative, [BIG_ENDIAN]: fromNative, // a deflated one is explicit when it was inflated
    '1.2.840.10008.1.2.5': (info, bytes) => fromNative({ ...info, planar: true }, unpackRle(info, bytes)),
    '1.2.840.10008.1.2.4.50': jpeg, '1.2.840.10008.1.2.4.51': jpeg,
    '1.2.840.10008.1.2.4.57': lossless, '1.2.840.10008.1.2.4.70': lossless,
    '1.2.840.10008.1.2.4.80': jpegLs, '1.2.840.10008.1.2.4.81': jpegLs,
    '1.2.840.10008.1.2.4.90': jpeg2000, '1.2.840.10008.1.2.4.91': jpeg2000,
};

/** What a person may know a syntax by, where it can't be unpacked. */
const NAMES: [RegExp, string][] = [[/\.4\.20[1-5]$/, 'HTJ2K'], [/\.4\.10[0-9]$/, 'MPEG'], [/\.4\.110$/, 'JPEG XL'], [/\.4\.9[0-9]$/, 'JPEG 2000'], [/\.4\./, 'JPEG']];

export function supported(syntax: string): boolean {
    return syntax in DECODERS;
}

export async function decodeFrame(info: ImageInfo, bytes: Uint8Array): Promise<Plane> {
    const decoder = DECODERS[info.syntax];
    if (!decoder) throw new Unshowable('codec', NAMES.find(([p]) => p.test(info.syntax))?.[1] ?? info.syntax);
    const size = info.pixels.encapsulated ? codedSize(bytes) : null;
    if (size && (size.width !== info.columns || size.height !== info.rows)) throw new Unshowable('damaged', `${size.width} × ${size.height}`); // before a codec asks for its memory
    try {
        return await decoder(info, bytes);
    } catch (error) {
        if (error instanceof Unshowable) throw error;
        throw new Unshowable('damaged', NAMES.find(([p]) => p.test(info.syntax))?.[1] ?? '');
    }
}

/** What a codec gave, held against what the header says. Signed pictures come out of codecs as they went in. */
export function packed(info: ImageInfo, picture: { width: number; height: number }, data: Samples, components: number): Plane {
    if (picture.width !== info.columns || picture.height !== info.rows || components !== info.channels) throw new Unshowable('damaged', `${picture.width} × ${picture.height}`);
    return toPlane(info, components === 1 && info.signed ? signed(data, info.bitsStored) : data, false);
}

function signed(data: Samples, bits: number): Samples {
    if (data instanceof Int16Array || data instanceof Int8Array) return data;
    const up = 32 - bits;
    return Int16Array.from(data, (v) => (v << up) >> up);
}
