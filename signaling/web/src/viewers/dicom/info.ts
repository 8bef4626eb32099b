// SPDX-License-Identifier: Apache-2.0
// What the header of a DICOM image says that is needed to draw and measure it (PS3.3 C.7.6, C.8, C.11). Reads nothing
// of who the patient is: names, numbers and dates of birth are never taken out of the file here.
import { parseDicom, readPart10Header, type DataSet } from 'dicom-parser';
import { Unshowable } from '../unshowable';
import { lutsOf, through, type Lut } from './lut';

export interface Window { centre: number; width: number; name: string }

/** From stored values to those that mean something. */
export interface Scale { slope: number; intercept: number }

export const VOI_FUNCTIONS = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const;
export type VoiFunction = (typeof VOI_FUNCTIONS)[number];

/** What the file asks for and is not done: the picture is not as its maker wants it seen. */
export type Unapplied = 'modalityLut' | 'voiLut' | 'voiFunction';

export interface ImageInfo extends Scale {
    rows: number;
    columns: number;
    frames: number;
    channels: number; // samples per pixel in the file
    photometric: string;
    planar: boolean; // R..., G..., B... instead of RGBRGB
    bitsAllocated: number;
    bitsStored: number;
    highBit: number;
    signed: boolean;
    syntax: string; // transfer syntax UID
    scales?: Scale[]; // by frame, where they differ
    modalityLut?: Lut; // instead of slope and intercept
    unit: string; // of the rescaled value: HU, or ''
    windows: Window[];
    windowsDiffer: boolean; // other frames have others than the first
    voi: VoiFunction;
    voiLuts: Lut[]; // to choose instead of a window
    unapplied: Unapplied[];
    inverse: boolean; // presentation LUT shape
    aspect: number; // height of a pixel by its width
    /** mm between rows and columns; undefined: not known, or not the same in all frames. `atDetector`: not known to be corrected for magnification. */
    spacing?: { row: number; column: number; atDetector: boolean };
    padding?: number; // stored value outside the picture
    palette?: { red: Uint16Array; green: Uint16Array; blue: Uint16Array; first: number; bits: number };
    frameMs: number; // of a cine; 0: not said
    lossy: boolean; // compressed with loss, before it came or by its own packing
    facts: [FactKey, string][];
    pixels: { at: number; length: number; encapsulated: boolean; words: boolean }; // words: OW, 16 bits at a time
}

/** Shown in the panel, by tag; nothing that names a person. */
const FACTS = {
    modality: 'x00080060', studyDescription: 'x00081030', seriesDescription: 'x0008103e', bodyPart: 'x00180015', viewPosition: 'x00185101', laterality: 'x00200062', patientPosition: 'x00185100', manufacturer: 'x00080070', model: 'x00081090',
    kvp: 'x00180060', exposure: 'x00181152', sliceThickness: 'x00180050', sliceLocation: 'x00201041', instance: 'x00200013', acquisitionDate: 'x00080022', kernel: 'x00181210', echoTime: 'x00180081', repetitionTime: 'x00180080', derivation: 'x00082111',
} as const;
export type FactKey = keyof typeof FACTS;

export const PIXEL_DATA = 'x7fe00010';
export const IMPLICIT = '1.2.840.10008.1.2';
export const BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const DEFLATED = '1.2.840.10008.1.2.1.99';
/** JPEG of 8 and 12 bits, near-lossless JPEG-LS, JPEG 2000 with loss. */
const LOSSY = ['50', '51', '81', '91'].map((n) => `1.2.840.10008.1.2.4.${n}`);
const MOST_PIXELS = 100_000_000; // of one frame
const MOST_FRAMES = 20_000;
const META_START = 144; // preamble, DICM, and the group's own length (PS3.10 7.1)

/** Transfer syntax and where the meta group ends, without what follows it; null: not all of it is here. */
export function metaOf(bytes: Uint8Array): { syntax: string; at: number; end: number } | null {
    try {
        const meta = readPart10Header(bytes);
        const [syntax, length] = [meta.elements['x00020010'], meta.uint32('x00020000')];
        if (!syntax) return null;
        return { syntax: (meta.string('x00020010') ?? '').trim(), at: syntax.dataOffset, end: length === undefined ? syntax.dataOffset + syntax.length : META_START + length };
    } catch {
        return null;
    }
}

/** A data set, or why not. `head`: the file goes on after these bytes, stop where the pixels begin. */
export function openDicom(bytes: Uint8Array, head = false): DataSet {
    if (bytes.length < 132 || String.fromCharCode(...bytes.subarray(128, 132)) !== 'DICM') throw new Unshowable('unreadable');
    try {
        return parseDicom(bytes, head ? { untilTag: PIXEL_DATA } : {});
    } catch (error) {
        const text = typeof error === 'string' ? error : String((error as { exception?: unknown }).exception ?? error);
        throw new Unshowable(/past|overrun|end of|beyond|exceed|buffer/i.test(text) ? 'cut_short' : 'damaged');
    }
}

type Within = (tag: string, frame?: number) => DataSet;

/** A frame's own functional groups come before the shared ones; what is in none is looked for in the set itself. */
function grouped(set: DataSet): Within {
    const groups = (item?: { dataSet?: DataSet }): DataSet[] => Object.values(item?.dataSet?.elements ?? {}).flatMap((e) => e.items?.[0]?.dataSet ?? []);
    const shared = groups(set.elements['x52009229']?.items?.[0]);
    const own = (set.elements['x52009230']?.items ?? []).map(groups);
    return (tag, frame = 0) => (own[frame] ?? []).find((g) => g.elements[tag]) ?? shared.find((g) => g.elements[tag]) ?? set;
}

/** One for each frame, or only the first where all are alike. */
function byFrame<T>(set: DataSet, frames: number, of: (frame: number) => T): T[] {
    const all = Array.from({ length: set.elements['x52009230'] ? frames : 1 }, (_, n) => of(n));
    const first = JSON.stringify(all[0]);
    return all.every((one) => JSON.stringify(one) === first) ? all.slice(0, 1) : all;
}

function numbers(set: DataSet, tag: string): number[] {
    return (set.string(tag) ?? '').split('\\').map(Number).filter(Number.isFinite);
}

function windowsOf(set: DataSet): Window[] {
    const [centres, widths, names] = [numbers(set, 'x00281050'), numbers(set, 'x00281051'), (set.string('x00281055') ?? '').split('\\')];
    return centres.flatMap((centre, i) => (widths[i] !== undefined && widths[i]! > 0 ? [{ centre, width: widths[i]!, name: names[i] ?? '' }] : []));
}

function pair(set: DataSet, tag: string): [number, number] | undefined {
    const [row, column] = numbers(set, tag);
    return row && column && row > 0 && column > 0 ? [row, column] : undefined;
}

const PROJECTION = ['CR', 'DX', 'MG', 'RF', 'XA', 'IO', 'PX', 'RG'];

/** PS3.3 10.7.1.3: a spacing that is the detector's own was not corrected, unless the file says how. */
function spacingOf(set: DataSet, own: DataSet): ImageInfo['spacing'] {
    const [pixel, imager] = [pair(own, 'x00280030'), pair(set, 'x00181164')];
    const [row, column] = pixel ?? imager ?? [];
    if (!row || !column) return undefined;
    const calibrated = pixel !== undefined && (own.string('x00280a02') !== undefined || (imager ? imager[0] !== row || imager[1] !== column : !PROJECTION.includes(set.string('x00080060')?.trim() ?? '')));
    return { row, column, atDetector: !calibrated };
}

function aspectOf(set: DataSet, spacing: ImageInfo['spacing']): number {
    const [height, width] = spacing ? [spacing.row, spacing.column] : pair(set, 'x00280034') ?? [1, 1];
    return height / width;
}

function scaleOf(set: DataSet): Scale {
    return { slope: numbers(set, 'x00281053')[0] || 1, intercept: numbers(set, 'x00281052')[0] ?? 0 };
}

/** A frame with the scale that is its own. */
export function ofFrame(info: ImageInfo, frame: number): ImageInfo {
    return info.scales ? { ...info, ...info.scales[frame] } : info;
}

export function rescaled(info: Pick<ImageInfo, 'slope' | 'intercept' | 'modalityLut'>, stored: number): number {
    return info.modalityLut ? through(info.modalityLut, stored) : stored * info.slope + info.intercept;
}

type Curves = Pick<ImageInfo, 'voi' | 'voiLuts' | 'unapplied'> & { modalityLut?: Lut };

function curvesOf(set: DataSet, within: Within, syntax: string, signed: boolean): Curves {
    const [modality] = lutsOf(set, 'x00283000', syntax, signed);
    const below = modality === undefined && (signed || scaleOf(within('x00281053')).intercept < 0);
    const curves = lutsOf(within('x00283010'), 'x00283010', syntax, below);
    const said = within('x00281056').string('x00281056')?.trim() || 'LINEAR';
    const voi = VOI_FUNCTIONS.find((f) => f === said);
    const unapplied: [Unapplied, boolean][] = [['modalityLut', modality === null], ['voiLut', curves.includes(null)], ['voiFunction', voi === undefined]];
    return { voi: voi ?? 'LINEAR', voiLuts: curves.filter((c) => c !== null), unapplied: unapplied.filter(([, yes]) => yes).map(([what]) => what), ...(modality ? { modalityLut: modality } : {}) };
}

function paletteOf(set: DataSet, bytes: Uint8Array): ImageInfo['palette'] {
    const [size, bits] = [set.uint16('x00281101', 0), set.uint16('x00281101', 2)];
    if (size === undefined || bits === undefined) return undefined;
    const table = (tag: string): Uint16Array => {
        const e = set.elements[tag];
        if (!e) throw new Unshowable('damaged', 'palette');
        const view = new DataView(bytes.buffer, bytes.byteOffset + e.dataOffset, Math.min(e.length, bytes.length - e.dataOffset));
        const entries = size || 65536;
        const wide = view.byteLength >= entries * 2;
        return Uint16Array.from({ length: entries }, (_, i) => (wide ? (2 * i + 2 <= view.byteLength ? view.getUint16(2 * i, true) : 0) : i < view.byteLength ? view.getUint8(i) : 0));
    };
    return { red: table('x00281201'), green: table('x00281202'), blue: table('x00281203'), first: set.int16('x00281101', 1) ?? 0, bits: bits === 8 ? 8 : 16 };
}

function factsOf(set: DataSet): [FactKey, string][] {
    return (Object.entries(FACTS) as [FactKey, string][]).flatMap(([key, tag]) => {
        const value = decodeText(set, tag);
        return value ? [[key, value.slice(0, 128)] as [FactKey, string]] : [];
    });
}

const CHARACTER_SETS: Record<string, string> = { 'ISO_IR 192': 'utf-8', GB18030: 'gb18030', GBK: 'gb18030', 'ISO 2022 IR 58': 'gb18030', 'ISO_IR 100': 'latin1', 'ISO_IR 13': 'shift_jis', 'ISO 2022 IR 87': 'iso-2022-jp', 'ISO 2022 IR 149': 'euc-kr' };

function decodeText(set: DataSet, tag: string): string {
    const e = set.elements[tag];
    if (!e || e.length <= 0 || e.length > 1024) return '';
    const label = (set.string('x00080005') ?? '').split('\\').map((c) => CHARACTER_SETS[c.trim()]).find((l) => l) ?? 'utf-8';
    const text = new TextDecoder(label).decode(set.byteArray.subarray(e.dataOffset, e.dataOffset + e.length) as Uint8Array<ArrayBuffer>);
    return text.replace(/[\0-\x1f]/g, ' ').trim();
}

export function describe(set: DataSet, bytes: Uint8Array): ImageInfo {
    const [rows, columns] = [set.uint16('x00280010') ?? 0, set.uint16('x00280011') ?? 0];
    const pixels = set.elements[PIXEL_DATA];
    if (!pixels || rows === 0 || columns === 0) throw new Unshowable('not_image');
    if (rows * columns > MOST_PIXELS) throw new Unshowable('too_large', `${columns} × ${rows}`);
    const bitsAllocated = set.uint16('x00280100') ?? 16;
    const bitsStored = set.uint16('x00280101') ?? bitsAllocated;
    if (![8, 16, 32].includes(bitsAllocated) || bitsStored < 1 || bitsStored > bitsAllocated) throw new Unshowable('codec', `${bitsAllocated} bit`);
    const channels = set.uint16('x00280002') ?? 1;
    if (channels !== 1 && channels !== 3) throw new Unshowable('codec', `${channels} samples`);
    const said = set.string('x00280008')?.trim() || '1';
    const frames = /^\d{1,9}$/.test(said) ? Math.max(1, Number(said)) : NaN; // a guess might show a part as the whole
    if (Number.isNaN(frames)) throw new Unshowable('damaged', 'NumberOfFrames');
    if (frames > MOST_FRAMES) throw new Unshowable('too_large', `${frames}`);
    const within = grouped(set);
    const scales = byFrame(set, frames, (n) => scaleOf(within('x00281053', n)));
    const windows = byFrame(set, frames, (n) => windowsOf(within('x00281050', n)));
    const spacings = byFrame(set, frames, (n) => spacingOf(set, within('x00280030', n)));
    const signed = set.uint16('x00280103') === 1;
    const syntax = (set.string('x00020010') ?? IMPLICIT).trim();
    const grey = channels === 1 && set.string('x00280004')?.trim() !== 'PALETTE COLOR';
    const rate = numbers(set, 'x00180040')[0] ?? numbers(set, 'x00082144')[0];
    const info: ImageInfo = {
        rows, columns, frames, channels, bitsAllocated, bitsStored,
        photometric: (set.string('x00280004') ?? 'MONOCHROME2').trim(),
        planar: set.uint16('x00280006') === 1,
        highBit: Math.min(bitsAllocated - 1, set.uint16('x00280102') ?? bitsStored - 1),
        signed, syntax,
        ...scales[0]!,
        unit: within('x00281053').string('x00281054')?.trim() ?? (set.string('x00080060') === 'CT' ? 'HU' : ''),
        windows: windows[0]!,
        windowsDiffer: windows.length > 1,
        ...(grey ? curvesOf(set, within, syntax, signed) : { voi: 'LINEAR', voiLuts: [], unapplied: [] }),
        inverse: set.string('x20500020')?.trim() === 'INVERSE',
        aspect: aspectOf(set, spacings[0]),
        frameMs: numbers(set, 'x00181063')[0] ?? (rate ? 1000 / rate : 0),
        lossy: set.string('x00282110')?.trim() === '01' || LOSSY.includes(syntax),
        facts: factsOf(set),
        pixels: { at: pixels.dataOffset, length: pixels.length, encapsulated: pixels.encapsulatedPixelData === true || pixels.hadUndefinedLength === true || pixels.length === 0xffffffff, words: pixels.vr === 'OW' },
    };
    if (info.modalityLut) info.unit = info.modalityLut.unit;
    if (info.unit === 'US') info.unit = ''; // PS3.3: unspecified
    if (scales.length > 1) info.scales = scales;
    if (spacings[0] && spacings.length === 1) info.spacing = spacings[0];
    const padding = info.signed ? set.int16('x00280120') : set.uint16('x00280120');
    if (padding !== undefined) info.padding = padding;
    const palette = info.photometric === 'PALETTE COLOR' ? paletteOf(set, bytes) : undefined;
    if (palette) info.palette = palette;
    if (info.photometric === 'PALETTE COLOR' && !palette) throw new Unshowable('damaged', 'palette');
    return info;
}

/** Two pixels share a Cb and a Cr: Y Y Cb Cr (PS3.3 C.7.6.3.1.2). Packed frames come out whole. */
export const halvedColour = (info: ImageInfo): boolean => info.photometric === 'YBR_FULL_422' && info.channels === 3 && !info.pixels.encapsulated;

export const frameBytes = (info: ImageInfo): number => (info.rows * info.columns * (halvedColour(info) ? 2 : info.channels) * info.bitsAllocated) / 8;
