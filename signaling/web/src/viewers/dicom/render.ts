// SPDX-License-Identifier: Apache-2.0
// A plane as it is seen: windowed (PS3.3 C.11.2), zoomed, moved and turned into the pixels of the screen. Only what
// the screen shows is computed. Pure, so that tests see each pixel.
import { rescaled, type ImageInfo, type VoiFunction } from './info';
import { through, type Lut } from './lut';
import { Pyramid, type Plane } from './plane';

export interface Seen {
    width: number; // of the screen part, device pixels
    height: number;
    /** Screen to image: x = a·sx + c·sy + e, y = b·sx + d·sy + f, in image pixels. */
    toImage: [a: number, b: number, c: number, d: number, e: number, f: number];
    centre: number; // of the window, rescaled units
    windowWidth: number;
    lut?: number | null; // a curve of the file instead of the window
    invert: boolean;
}

type Grey = Pick<ImageInfo, 'slope' | 'intercept' | 'modalityLut' | 'photometric' | 'inverse' | 'voi' | 'voiLuts' | 'padding'>;
type Voi = Pick<Seen, 'centre' | 'windowWidth' | 'lut'>;

const clipped = (y: number): number => (y < 0 ? 0 : y > 255 ? 255 : y);

/** Rescaled value to 0..255 by PS3.3 C.11.2.1.2 (linear) or C.11.2.1.3 (sigmoid, linear exact). */
export function windowed(value: number, centre: number, width: number, voi: VoiFunction): number {
    if (voi === 'LINEAR_EXACT') return clipped(((value - centre) / width + 0.5) * 255);
    if (voi === 'SIGMOID') return 255 / (1 + Math.exp((-4 * (value - centre)) / width));
    if (width <= 1) return value < centre - 0.5 ? 0 : 255;
    return clipped(((value - (centre - 0.5)) / (width - 1) + 0.5) * 255);
}

/** PS3.3 C.8.11.3: MONOCHROME1 comes with INVERSE; both say the same, once. */
export function isInverted(info: Pick<ImageInfo, 'photometric' | 'inverse'>, invert: boolean): boolean {
    return (info.photometric === 'MONOCHROME1' || info.inverse) !== invert;
}

const TABLE = 65536;

interface Table { values: Uint8Array; first: number }

/** Grey of each stored value of 8 and 16 bits, made once for a window. */
export function tableOf(info: Grey, plane: Plane, seen: Voi & Pick<Seen, 'invert'>): Table | null {
    const d = plane.data;
    if (!(d instanceof Uint8Array || d instanceof Int8Array || d instanceof Uint16Array || d instanceof Int16Array)) return null;
    const size = d.BYTES_PER_ELEMENT === 1 ? 256 : TABLE;
    const first = d instanceof Int8Array || d instanceof Int16Array ? -size / 2 : 0;
    const inverted = isInverted(info, seen.invert);
    const curve = curveOf(info, seen);
    const values = new Uint8Array(size);
    for (let i = 0; i < size; i++) values[i] = grey(info, i + first, seen, curve, inverted);
    return { values, first };
}

function curveOf(info: Grey, seen: Voi): Lut | undefined {
    return seen.lut === undefined || seen.lut === null ? undefined : info.voiLuts[seen.lut];
}

function grey(info: Grey, stored: number, seen: Voi, curve: Lut | undefined, inverted: boolean): number {
    const value = rescaled(info, stored);
    const v = curve ? (through(curve, value) / curve.most) * 255 : windowed(value, seen.centre, seen.windowWidth, info.voi);
    return Math.round(inverted ? 255 - v : v);
}

/** RGBA; what lies outside the picture is transparent. */
export function render(pyramid: Pyramid, info: Grey, seen: Seen, out = new Uint8ClampedArray(seen.width * seen.height * 4)): Uint8ClampedArray {
    const [a, b] = seen.toImage;
    const { plane, factor } = pyramid.at(1 / Math.hypot(a, b));
    const sampler: Sampler = { plane, factor, out, seen };
    if (plane.channels === 3) drawColour(sampler, seen.invert);
    else drawGrey(sampler, info, tableOf(info, plane, seen));
    return out;
}

interface Sampler { plane: Plane; factor: number; out: Uint8ClampedArray; seen: Seen }

/** Calls `put` with the place of the pixel and its four neighbours, for each screen pixel inside the picture. */
function each({ plane, factor, seen }: Sampler, put: (at: number, i00: number, i10: number, i01: number, i11: number, fx: number, fy: number) => void): void {
    const [a, b, c, d, e, f] = seen.toImage;
    const { width, height, channels } = plane;
    for (let sy = 0, at = 0; sy < seen.height; sy++) {
        let x = (c * (sy + 0.5) + e + a * 0.5) / factor - 0.5;
        let y = (d * (sy + 0.5) + f + b * 0.5) / factor - 0.5;
        const [dx, dy] = [a / factor, b / factor];
        for (let sx = 0; sx < seen.width; sx++, at += 4, x += dx, y += dy) {
            if (x < -0.5 || y < -0.5 || x >= width - 0.5 || y >= height - 0.5) continue;
            const x0 = x < 0 ? 0 : x | 0;
            const y0 = y < 0 ? 0 : y | 0;
            const x1 = x0 + 1 < width ? x0 + 1 : x0;
            const y1 = y0 + 1 < height ? y0 + 1 : y0;
            const top = y0 * width;
            const low = y1 * width;
            put(at, (top + x0) * channels, (top + x1) * channels, (low + x0) * channels, (low + x1) * channels, x < 0 ? 0 : x - x0, y < 0 ? 0 : y - y0);
        }
    }
}

function drawGrey(s: Sampler, info: Grey, table: Table | null): void {
    const { data } = s.plane;
    const { out, seen } = s;
    const inverted = isInverted(info, seen.invert);
    const curve = curveOf(info, seen);
    const padding = info.padding;
    each(s, (at, i00, i10, i01, i11, fx, fy) => {
        const upper = data[i00]! + (data[i10]! - data[i00]!) * fx;
        const lower = data[i01]! + (data[i11]! - data[i01]!) * fx;
        const value = data[i00] === padding ? data[i00]! : upper + (lower - upper) * fy;
        const g = table ? table.values[Math.round(value) - table.first]! : grey(info, value, seen, curve, inverted);
        out[at] = out[at + 1] = out[at + 2] = g;
        out[at + 3] = 255;
    });
}

/** Colour has its own contrast: the window of a colour picture is brightness (centre 128) and contrast (width 256). */
function drawColour(s: Sampler, invert: boolean): void {
    const { data } = s.plane;
    const { out, seen } = s;
    const curve = Uint8Array.from({ length: 256 }, (_, v) => { const w = windowed(v, seen.centre, seen.windowWidth, 'LINEAR'); return Math.round(invert ? 255 - w : w); });
    each(s, (at, i00, i10, i01, i11, fx, fy) => {
        for (let c = 0; c < 3; c++) {
            const upper = data[i00 + c]! + (data[i10 + c]! - data[i00 + c]!) * fx;
            const lower = data[i01 + c]! + (data[i11 + c]! - data[i01 + c]!) * fx;
            out[at + c] = curve[Math.round(upper + (lower - upper) * fy)]!;
        }
        out[at + 3] = 255;
    });
}
