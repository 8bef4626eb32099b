// SPDX-License-Identifier: Apache-2.0
// One decoded frame: grey values as stored (before rescale), or 8-bit RGB. And how stored bytes become it.
import { Unshowable } from '../unshowable';
import { BIG_ENDIAN, halvedColour, type ImageInfo } from './info';

export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array | Uint32Array | Float32Array;

export interface Plane {
    width: number;
    height: number;
    channels: 1 | 3;
    data: Samples;
}

/** Uncompressed little- or big-endian samples of one frame. `bytes` may be short: the rest is zero. */
export function fromNative(info: ImageInfo, bytes: Uint8Array): Plane {
    if (halvedColour(info)) return toPlane(info, spread(info, bytes), false);
    const count = info.rows * info.columns * info.channels;
    const data = typed(info, bytes, count);
    return toPlane(info, data, info.planar);
}

/** Y Y Cb Cr of two pixels becomes Y Cb Cr of each. */
function spread(info: ImageInfo, bytes: Uint8Array): Samples {
    if (info.bitsAllocated !== 8 || info.planar || info.columns % 2) throw new Unshowable('codec', info.photometric);
    const pairs = (info.rows * info.columns) / 2;
    const packed = typed(info, bytes, 4 * pairs);
    const out = new Uint8Array(6 * pairs);
    for (let i = 0; i < pairs; i++) {
        const [y, y2, b, r] = packed.subarray(4 * i, 4 * i + 4);
        out.set([y!, b!, r!, y2!, b!, r!], 6 * i);
    }
    return out;
}

function typed(info: ImageInfo, bytes: Uint8Array, count: number): Samples {
    if (info.bitsAllocated === 8) {
        const out = new Uint8Array(count);
        out.set(bytes.subarray(0, count));
        if (info.syntax === BIG_ENDIAN && info.pixels.words) swap(out, 2); // bytes of a word (PS3.5 annex A.3)
        return info.signed ? new Int8Array(out.buffer) : out;
    }
    const size = info.bitsAllocated / 8;
    const aligned = new Uint8Array(count * size);
    aligned.set(bytes.subarray(0, count * size));
    if (info.syntax === BIG_ENDIAN) swap(aligned, size);
    if (size === 2) return mask(info, new Uint16Array(aligned.buffer));
    return info.signed ? new Int32Array(aligned.buffer) : new Uint32Array(aligned.buffer);
}

function swap(bytes: Uint8Array, size: number): void {
    for (let i = 0; i + size <= bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** Bits above the stored ones (overlays of old devices) go; the sign is carried up. */
function mask(info: ImageInfo, data: Uint16Array): Uint16Array | Int16Array {
    const down = info.highBit + 1 - info.bitsStored;
    if (info.bitsStored === 16 && down === 0) return info.signed ? new Int16Array(data.buffer) : data;
    const up = 32 - info.bitsStored;
    if (info.signed) {
        const out = new Int16Array(data.buffer);
        for (let i = 0; i < out.length; i++) out[i] = ((data[i]! >> down) << up) >> up;
        return out;
    }
    for (let i = 0; i < data.length; i++) data[i] = ((data[i]! >> down) << up) >>> up;
    return data;
}

/** Colour models become RGB; grey stays what it is. `planar`: as the bytes lie, which a codec may have changed. */
export function toPlane(info: ImageInfo, data: Samples, planar: boolean): Plane {
    const { rows: height, columns: width } = info;
    if (info.palette) return { width, height, channels: 3, data: throughPalette(info.palette, data, width * height) };
    if (info.channels === 1) return { width, height, channels: 1, data };
    const rgb = interleaved(data, width * height, planar, info.bitsStored);
    if (info.photometric === 'YBR_FULL' || info.photometric === 'YBR_FULL_422') fromYbr(rgb);
    else if (info.photometric !== 'RGB') throw new Unshowable('codec', info.photometric);
    return { width, height, channels: 3, data: rgb };
}

function interleaved(data: Samples, count: number, planar: boolean, bits: number): Uint8Array {
    const shift = Math.max(0, bits - 8);
    const out = new Uint8Array(count * 3);
    for (let i = 0; i < count; i++)
        for (let c = 0; c < 3; c++) out[3 * i + c] = (data[planar ? c * count + i : 3 * i + c] ?? 0) >> shift;
    return out;
}

/** PS3.3 C.7.6.3.1.2, full range. */
function fromYbr(v: Uint8Array): void {
    const clip = (x: number): number => (x < 0 ? 0 : x > 255 ? 255 : x + 0.5);
    for (let i = 0; i + 2 < v.length; i += 3) {
        const [y, b, r] = [v[i]!, v[i + 1]! - 128, v[i + 2]! - 128];
        v[i] = clip(y + 1.402 * r);
        v[i + 1] = clip(y - 0.344136 * b - 0.714136 * r);
        v[i + 2] = clip(y + 1.772 * b);
    }
}

function throughPalette(p: NonNullable<ImageInfo['palette']>, data: Samples, count: number): Uint8Array {
    const out = new Uint8Array(count * 3);
    const last = p.red.length - 1;
    const shift = p.bits === 16 ? 8 : 0;
    for (let i = 0; i < count; i++) {
        const at = Math.min(last, Math.max(0, (data[i] ?? 0) - p.first));
        out[3 * i] = p.red[at]! >> shift;
        out[3 * i + 1] = p.green[at]! >> shift;
        out[3 * i + 2] = p.blue[at]! >> shift;
    }
    return out;
}

/** Least and greatest value, padding left out. */
export function extent(plane: Plane, padding?: number): { least: number; most: number } {
    let least = Infinity;
    let most = -Infinity;
    for (const v of plane.data) {
        if (v === padding) continue;
        if (v < least) least = v;
        if (v > most) most = v;
    }
    return least <= most ? { least, most } : { least: 0, most: 0 };
}

/** Half the size, each pixel the mean of four. */
export function halved(plane: Plane): Plane {
    const width = Math.max(1, plane.width >> 1);
    const height = Math.max(1, plane.height >> 1);
    const n = plane.channels;
    const data = new (plane.data.constructor as new (length: number) => Samples)(width * height * n);
    const right = plane.width > 1 ? n : 0;
    const below = plane.height > 1 ? plane.width * n : 0;
    for (let y = 0, out = 0; y < height; y++)
        for (let x = 0; x < width; x++)
            for (let c = 0, at = (2 * y * plane.width + 2 * x) * n; c < n; c++, at++, out++)
                data[out] = (plane.data[at]! + plane.data[at + right]! + plane.data[at + below]! + plane.data[at + right + below]!) / 4;
    return { width, height, channels: n, data };
}

export const SMALLEST_LEVEL = 64;

/** Levels of half size each, the first the plane itself; made as far as they are asked for. */
export class Pyramid {
    readonly levels: Plane[];

    constructor(plane: Plane) {
        this.levels = [plane];
    }

    /** The smallest level that has at least a pixel for each on the screen. */
    at(scale: number): { plane: Plane; factor: number } {
        let level = 0;
        while (scale * 2 ** (level + 1) <= 1 && Math.min(this.level(level).width, this.level(level).height) > SMALLEST_LEVEL) level++;
        return { plane: this.level(level), factor: 2 ** level };
    }

    private level(n: number): Plane {
        while (this.levels.length <= n) this.levels.push(halved(this.levels[this.levels.length - 1]!));
        return this.levels[n]!;
    }
}
