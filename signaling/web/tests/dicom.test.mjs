// SPDX-License-Identifier: Apache-2.0
// DICOM pictures: values against what dcmdump prints, packed forms against the unpacked file, windows by the standard's
// formula, and files that are bad on purpose.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { bundled, dataFile, material } from './support.mjs';

const dicom = await bundled('viewers/dicom/all.ts');
const refusal = (...codes) => (error) => error.name === 'Unshowable' && codes.includes(error.code);
const folder = mkdtempSync(path.join(os.tmpdir(), 'shanqiao-dicom-'));
after(() => rmSync(folder, { recursive: true }));

function open(bytes) {
    return dicom.describe(dicom.openDicom(bytes), bytes);
}

async function plane(bytes, n = 0) {
    const info = open(bytes);
    const frame = dicom.frameOf(info, bytes, n, true);
    return { info, plane: await dicom.decodeFrame(info, frame.bytes), short: frame.short };
}

/** The same picture packed by a tool of DCMTK. */
function made(tool, args, from) {
    const to = path.join(folder, `${tool}-${args.join('')}-${from}`);
    execFileSync(tool, [...args, dataFile(from), to], { stdio: 'ignore' });
    return new Uint8Array(readFileSync(to));
}
const dcmtk = (() => { try { execFileSync('dcmcjpeg', ['--version'], { stdio: 'ignore' }); return true; } catch { return false; } })();

test('CT: header, Hounsfield units, spacing', async () => {
    const { info, plane: p } = await plane(material('ct_small_128.dcm'));
    assert.deepEqual([info.rows, info.columns, info.slope, info.intercept, info.unit, info.signed], [128, 128, 1, -1024, 'HU', true]);
    assert.deepEqual(info.spacing, { row: 0.661468, column: 0.661468, atDetector: false });
    assert.deepEqual([...p.data.slice(0, 8)], CT_FIRST);
    assert.deepEqual([p.data[64 * 128 + 64], Math.min(...p.data), Math.max(...p.data), p.data.reduce((a, b) => a + b, 0)], CT_SOME);
});

// numpy over the pixel data that dcmdump +W writes
const CT_FIRST = [175, 180, 166, 143, 139, 152, 167, 187];
const CT_SOME = [1928, 128, 2191, 14826310];

test('nothing of who it is leaves the file', () => {
    for (const name of ['ct_small_128.dcm', 'chest_dx_nih_512.dcm', 'ecg_12lead_500hz.dcm']) {
        const bytes = material(name);
        let info;
        try { info = open(bytes); } catch { continue; }
        const text = JSON.stringify(info);
        for (const word of ['CompressedSamples', '1CT1', 'Covid0000', 'Clark', 'SBJ-123']) assert.ok(!text.includes(word), word);
    }
});

test('packed by other tools, every value is the same', { skip: !dcmtk && 'DCMTK is not here' }, async () => {
    for (const name of ['ct_small_128.dcm', 'chest_dx_nih_512.dcm']) {
        const original = await plane(material(name));
        const forms = [['dcmcrle', []], ['dcmcjpeg', ['+e1']], ...[1, 2, 3, 4, 5, 6, 7].map((n) => ['dcmcjpeg', ['+el', '+sv', String(n)]]), ['dcmcjpls', ['+el']], ['dcmconv', ['+te']], ['dcmconv', ['+ti']], ['dcmconv', ['+tb']]];
        for (const [tool, args] of forms) {
            const { plane: p } = await plane(made(tool, args, name));
            assert.deepEqual(Int32Array.from(p.data), Int32Array.from(original.plane.data), `${name} ${tool} ${args}`);
        }
    }
});

test('baseline JPEG is near', { skip: !dcmtk && 'DCMTK is not here' }, async () => {
    const original = await plane(material('chest_dx_nih_512.dcm'));
    const { plane: p } = await plane(made('dcmcjpeg', ['+eb', '+q', '95'], 'chest_dx_nih_512.dcm'));
    const worst = p.data.reduce((w, v, i) => Math.max(w, Math.abs(v - original.plane.data[i])), 0);
    assert.ok(worst < 16, String(worst));
});

test('bad files: a reason each', async () => {
    await assert.rejects(async () => plane(material('bad_no_meta.dcm')), refusal('unreadable'));
    const cut = await plane(material('bad_truncated_pixeldata_mr.dcm')).then((r) => r.short, (e) => e.code);
    assert.ok(cut === true || cut === 'cut_short', String(cut));
    await assert.rejects(async () => plane(material('bad_vr.dcm')), refusal('damaged')); // "1A" frames
    await assert.rejects(async () => plane(material('ecg_12lead_500hz.dcm')), refusal('not_image'));
    await assert.rejects(async () => plane(new Uint8Array(10)), refusal('unreadable'));
});

test('any cut or flipped bit ends in a picture or a reason', async () => {
    const files = [material('ct_small_128.dcm'), ...(dcmtk ? [made('dcmcrle', [], 'ct_small_128.dcm'), made('dcmcjpeg', ['+e1'], 'ct_small_128.dcm'), made('dcmcjpls', ['+el'], 'ct_small_128.dcm')] : [])];
    for (const bytes of files)
        for (let n = 1; n <= 30; n++) {
            const bad = bytes.slice(0, Math.floor((bytes.length * n) / 30));
            for (let k = 0; k < n % 10; k++) bad[(k * 104729 * n) % bad.length] ^= 1 << (k % 8);
            await plane(bad).catch((error) => assert.equal(error.name, 'Unshowable', error.stack));
        }
});

test('window by PS3.3 C.11.2.1.2', () => {
    const at = (x, c, w, voi = 'LINEAR') => Math.round(dicom.windowed(x, c, w, voi));
    assert.deepEqual([at(-160, 40, 400), at(-200, 40, 400), at(240, 40, 400), at(40, 40, 400)], [0, 0, 255, 128]);
    assert.deepEqual([at(99, 100, 1), at(100, 100, 1)], [0, 255]);
    assert.deepEqual([-161, -160, -60, 40, 240, 300].map((x) => at(x, 40, 400, 'LINEAR_EXACT')), [0, 0, 64, 128, 255, 255]);
    assert.deepEqual([-1000, 40, 140, 1000].map((x) => at(x, 40, 400, 'SIGMOID')), [0, 128, 186, 255]);
});

test('MONOCHROME1, presentation inverse and the hand invert', () => {
    const i = (photometric, inverse, hand) => dicom.isInverted({ photometric, inverse }, hand);
    assert.deepEqual([i('MONOCHROME2', false, false), i('MONOCHROME1', false, false), i('MONOCHROME1', true, false), i('MONOCHROME1', false, true), i('MONOCHROME1', true, true), i('MONOCHROME2', true, false)], [false, true, true, false, false, true]); // PS3.3 C.8.11.3: MONOCHROME1 comes with INVERSE
});

const grey = { slope: 1, intercept: 0, photometric: 'MONOCHROME2', inverse: false, voi: 'LINEAR', voiLuts: [] };
const whole = (w, h, m = [1, 0, 0, 1, 0, 0]) => ({ width: w, height: h, toImage: m, centre: 128, windowWidth: 256, invert: false });

test('at 100 % each pixel is itself; outside is transparent; turned by 90° it is turned', () => {
    const data = Uint8Array.from([0, 50, 100, 150, 200, 250]);
    const p = { width: 3, height: 2, channels: 1, data };
    const px = dicom.render(new dicom.Pyramid(p), grey, whole(4, 2));
    assert.deepEqual([0, 1, 2, 4, 5, 6].map((i) => px[4 * i]), [...data]);
    assert.equal(px[4 * 3 + 3], 0);
    // screen (x, y) shows image (y, 1 - x): x' = sy, y' = -sx + 2
    const turned = dicom.render(new dicom.Pyramid(p), grey, whole(2, 3, [0, -1, 1, 0, 0, 2]));
    assert.deepEqual([0, 1, 2, 3, 4, 5].map((i) => turned[4 * i]), [150, 0, 200, 50, 250, 100]);
});

test('made small, it is the mean, not every other pixel', () => {
    const n = 256;
    const p = { width: n, height: n, channels: 1, data: Uint8Array.from({ length: n * n }, (_, i) => ((i + Math.floor(i / n)) & 1 ? 255 : 1)) };
    const px = dicom.render(new dicom.Pyramid(p), grey, whole(128, 128, [2, 0, 0, 2, 0, 0]));
    assert.ok(px.every((v, i) => i % 4 === 3 ? v === 255 : Math.abs(v - 128) <= 1));
});

test('palette and YBR become RGB', () => {
    const base = { rows: 1, columns: 2, channels: 1, planar: false, bitsAllocated: 8, bitsStored: 8, highBit: 7, signed: false, syntax: '1.2.840.10008.1.2', photometric: 'PALETTE COLOR', pixels: { words: false } };
    const palette = { red: Uint16Array.from([0, 0xff00]), green: Uint16Array.from([0x8000, 0]), blue: Uint16Array.from([0, 0x4000]), first: 0, bits: 16 };
    assert.deepEqual([...dicom.fromNative({ ...base, palette }, Uint8Array.from([0, 1])).data], [0, 128, 0, 255, 0, 64]);
    assert.deepEqual([...dicom.fromNative({ ...base, channels: 3, planar: true, photometric: 'RGB' }, Uint8Array.from([1, 2, 3, 4, 5, 6])).data], [1, 3, 5, 2, 4, 6]);
    assert.deepEqual([...dicom.fromNative({ ...base, channels: 3, photometric: 'YBR_FULL', columns: 1 }, Uint8Array.from([76, 85, 255])).data].map((v) => Math.abs(v) < 3 ? 0 : v > 252 ? 255 : v), [255, 0, 0]);
});

test('JPEG 2000, lossless, signed: every value is the same', async () => {
    const { info, plane: original } = await plane(material('ct_small_128.dcm'));
    const { createRequire } = await import('node:module');
    const codec = await createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg')();
    const encoder = new codec.J2KEncoder();
    encoder.getDecodedBuffer({ width: 128, height: 128, bitsPerSample: 16, componentCount: 1, isSigned: true }).set(new Uint8Array(original.data.buffer));
    encoder.setQuality(true, 0);
    encoder.encode();
    const packed = encoder.getEncodedBuffer().slice();
    const p = await dicom.decodeFrame({ ...info, syntax: '1.2.840.10008.1.2.4.90' }, packed);
    assert.deepEqual(p.data, original.data);
    await assert.rejects(async () => dicom.decodeFrame({ ...info, syntax: '1.2.840.10008.1.2.4.90' }, packed.slice(0, 60)), refusal('damaged', 'cut_short'));
    await assert.rejects(async () => dicom.decodeFrame({ ...info, syntax: '1.2.840.10008.1.2.4.201' }, packed), refusal('codec'));
});
