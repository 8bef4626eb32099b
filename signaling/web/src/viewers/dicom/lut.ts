// SPDX-License-Identifier: Apache-2.0
// Curves of a DICOM file: the Modality LUT makes stored values into values that mean something (PS3.3 C.11.1), a VOI
// LUT makes those into greys (C.11.2). A curve that can't be read is said, never left out in silence.
import type { DataSet } from 'dicom-parser';
import { BIG_ENDIAN } from './info';

export interface Lut {
    values: Uint16Array;
    first: number; // input that the first value stands for; what lies outside takes the nearest end
    most: number; // greatest value that its bits allow
    name: string;
    unit: string; // of a Modality LUT: what its values are
}

/** Curves of a sequence; null for each that is damaged. `signed`: what goes in may be below zero. */
export function lutsOf(set: DataSet, sequence: string, syntax: string, signed: boolean): (Lut | null)[] {
    return (set.elements[sequence]?.items ?? []).map((item) => (item.dataSet ? lutOf(item.dataSet, syntax, signed) : null));
}

function lutOf(set: DataSet, syntax: string, signed: boolean): Lut | null {
    const [descriptor, data] = [set.elements['x00283002'], set.elements['x00283006']];
    const [size, bits] = [set.uint16('x00283002', 0), set.uint16('x00283002', 2)];
    if (!descriptor || !data || size === undefined || bits === undefined || bits < 8 || bits > 16) return null;
    const below = descriptor.vr === 'SS' || (descriptor.vr !== 'US' && signed);
    const values = entries(set.byteArray.subarray(data.dataOffset, data.dataOffset + data.length), size || 65536, bits, syntax === BIG_ENDIAN);
    const type = set.string('x00283004')?.trim() ?? '';
    return values && { values, first: (below ? set.int16('x00283002', 1) : set.uint16('x00283002', 1)) ?? 0, most: 2 ** bits - 1, name: (set.string('x00283003') ?? '').trim().slice(0, 64), unit: type === 'US' ? '' : type };
}

/** Entries of 8 bits may lie two in a word; all others have a word each. */
function entries(bytes: ArrayLike<number>, count: number, bits: number, bigEndian: boolean): Uint16Array | null {
    const [high, low] = bigEndian ? [0, 1] : [1, 0];
    if (bytes.length >= count * 2) return Uint16Array.from({ length: count }, (_, i) => (bytes[2 * i + high]! << 8) | bytes[2 * i + low]!);
    if (bits !== 8 || bytes.length < count) return null;
    return Uint16Array.from({ length: count }, (_, i) => bytes[bigEndian ? i ^ 1 : i]!);
}

export function through(lut: Lut, value: number): number {
    return lut.values[Math.min(lut.values.length - 1, Math.max(0, Math.round(value) - lut.first))]!;
}
