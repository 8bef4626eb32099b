// SPDX-License-Identifier: Apache-2.0
// What a chosen file is, told by its first bytes as the server tells it (inspect/kind.c), before a minute of a weak link
// goes into what would be refused. Nothing of a file is ever run or decoded here.
import type { FileRef } from '../outbox/files';

export type Refused = 'empty' | 'heic' | 'web' | 'office' | 'sound' | 'unknown' | 'large' | 'pixels';
export type FileKind = { type: FileRef['type']; part?: 'wfdb_header' | 'wfdb_signal' } | { refused: Refused };

const MIB = 1024 * 1024;
export const LIMITS: Record<FileRef['type'], number> = { photo: 20 * MIB, pdf: 50 * MIB, dicom: 256 * MIB, ecg: 32 * MIB, audio: 20 * MIB };
export const LOOK_BYTES = 4096;
const PIXELS_MAX = 100e6; // more than any camera takes; decoding it would hang an old machine

const latin = (b: Uint8Array, from: number, length: number): string => String.fromCharCode(...b.subarray(from, from + length));

const HEIC = new Set(['heic', 'heix', 'hevc', 'heim', 'heis', 'mif1', 'msf1', 'avif']);

const is = {
    jpeg: (b: Uint8Array) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff,
    png: (b: Uint8Array) => latin(b, 0, 8) === '\x89PNG\r\n\x1a\n',
    heic: (b: Uint8Array) => latin(b, 4, 4) === 'ftyp' && HEIC.has(latin(b, 8, 4)),
    pdf: (b: Uint8Array) => /^%PDF-[12]\./.test(latin(b, 0, 7)),
    scp: (b: Uint8Array) => latin(b, 16, 6) === 'SCPECG',
    aecg: (b: Uint8Array) => /^(\xef\xbb\xbf)?<\?xml/.test(latin(b, 0, 8)) && latin(b, 0, LOOK_BYTES).includes('<AnnotatedECG'),
    edf: (b: Uint8Array) => latin(b, 0, 8) === '0       ' && b.length >= 256 && /^[0-9 .-]*[0-9][0-9 .-]*$/.test(latin(b, 184, 8)),
    wav: (b: Uint8Array) => latin(b, 0, 4) === 'RIFF' && latin(b, 8, 4) === 'WAVE',
    ogg: (b: Uint8Array) => latin(b, 0, 4) === 'OggS' && latin(b, 28, 8) === 'OpusHead',
    dicom: (b: Uint8Array) => latin(b, 128, 4) === 'DICM',
    web: (b: Uint8Array) => /^\s*(<!doctype html|<html|<svg|<script|<\?xml[^>]*\?>\s*(<!--.*?-->\s*)?(<!doctype svg|<svg|<html))/i.test(latin(b, 0, 512)),
    office: (b: Uint8Array) => latin(b, 0, 4) === 'PK\x03\x04' || latin(b, 0, 4) === '\xd0\xcf\x11\xe0',
    sound: (b: Uint8Array) => latin(b, 0, 3) === 'ID3' || latin(b, 4, 8) === 'ftypM4A ' || latin(b, 0, 5) === '#!AMR' || (b[0] === 0xff && (b[1]! & 0xe6) === 0xe2),
};

/** "100 2 500 ..." : the record line of a WFDB header. */
const isWfdbHeader = (b: Uint8Array, name: string): boolean => /\.hea$/i.test(name) && /^(#.*\n)*\s*\S+ +\d+ +\d+/.test(latin(b, 0, Math.min(b.length, 512)));

/** `head`: the first LOOK_BYTES, or all if there are fewer. */
export function kindOfFile(head: Uint8Array, name: string, bytes: number): FileKind {
    const found = bytes === 0 ? { refused: 'empty' as const } : sniff(head, name);
    if ('type' in found && bytes > LIMITS[found.type]) return { refused: 'large' };
    return found;
}

function sniff(head: Uint8Array, name: string): FileKind {
    if (is.jpeg(head) || is.png(head)) return pixelsOf(head) > PIXELS_MAX ? { refused: 'pixels' } : { type: 'photo' };
    if (is.heic(head)) return { refused: 'heic' };
    if (is.pdf(head)) return { type: 'pdf' };
    if (is.scp(head) || is.aecg(head) || is.edf(head)) return { type: 'ecg' };
    if (is.wav(head) || is.ogg(head)) return { type: 'audio' };
    if (is.dicom(head)) return { type: 'dicom' };
    if (isWfdbHeader(head, name)) return { type: 'ecg', part: 'wfdb_header' };
    if (is.web(head)) return { refused: 'web' };
    if (is.office(head)) return { refused: 'office' };
    if (is.sound(head)) return { refused: 'sound' };
    if (/\.dat$/i.test(name)) return { type: 'ecg', part: 'wfdb_signal' };
    if (/\.(dcm|dicom)$/i.test(name) && head.includes(0)) return { type: 'dicom' }; // a data set without its mark
    return { refused: 'unknown' };
}

/** Width times height by the header; 0: not found in the first bytes. */
export function pixelsOf(b: Uint8Array): number {
    const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
    if (is.png(b)) return b.length >= 24 ? view.getUint32(16) * view.getUint32(20) : 0;
    for (let at = 2; at + 9 < b.length && b[at] === 0xff;) {
        const marker = b[at + 1]!;
        const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
        if (frame) return view.getUint16(at + 5) * view.getUint16(at + 7);
        at += 2 + view.getUint16(at + 2);
    }
    return 0;
}
