// SPDX-License-Identifier: Apache-2.0
// What PS3.3 asks of a DICOM picture, in small files made here: greys of X-rays, curves, spacing, frames that differ,
// colour of two bytes a pixel, loss that the packing itself says, and a cine on a slow line.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled } from './support.mjs';

const { Engine } = await bundled('viewers/dicom/engine.ts');
const { describe, openDicom } = await bundled('viewers/dicom/all.ts');
const { presetsOf, firstLook } = await bundled('viewers/dicom/presets.ts');

const EXPLICIT = '1.2.840.10008.1.2.1';
const LONG = ['OB', 'OW', 'SQ', 'UN'];
const words = (...values) => Buffer.from(Uint16Array.from(values).buffer);

function el(tag, vr, value) {
    let bytes = typeof value === 'number' ? words(value) : Buffer.from(value);
    if (bytes.length % 2) bytes = Buffer.concat([bytes, Buffer.from(vr === 'UI' || LONG.includes(vr) ? '\0' : ' ')]);
    const head = Buffer.alloc(LONG.includes(vr) ? 12 : 8);
    head.writeUInt16LE(tag >>> 16, 0);
    head.writeUInt16LE(tag & 0xffff, 2);
    head.write(vr, 4, 'latin1');
    if (LONG.includes(vr)) head.writeUInt32LE(bytes.length, 8);
    else head.writeUInt16LE(bytes.length, 6);
    return { tag, bytes: Buffer.concat([head, bytes]) };
}
const joined = (all) => Buffer.concat([...all].sort((a, b) => a.tag - b.tag).map((e) => e.bytes));

function item(bytes) {
    const head = Buffer.from([0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0]);
    head.writeUInt32LE(bytes.length + (bytes.length % 2), 4);
    return Buffer.concat([head, bytes, Buffer.alloc(bytes.length % 2)]);
}
const sequence = (tag, ...items) => el(tag, 'SQ', Buffer.concat(items.map((all) => item(joined(all)))));
const fragments = (...parts) => ({ tag: 0x7fe00010, bytes: Buffer.concat([Buffer.from([0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 255, 255, 255, 255]), ...[Buffer.alloc(0), ...parts].map(item), Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])]) });

/** A 2 x 2 picture of 8 bits; what is in `more` comes instead or besides. */
function file(pixels, more = [], syntax = EXPLICIT) {
    const usual = [el(0x00080060, 'CS', 'DX'), el(0x00280002, 'US', 1), el(0x00280004, 'CS', 'MONOCHROME2'), el(0x00280010, 'US', 2), el(0x00280011, 'US', 2), el(0x00280100, 'US', 8), el(0x00280101, 'US', 8), el(0x00280102, 'US', 7), el(0x00280103, 'US', 0)];
    const data = Buffer.isBuffer(pixels) || Array.isArray(pixels) ? el(0x7fe00010, 'OB', Buffer.from(pixels)) : pixels;
    const meta = el(0x00020010, 'UI', syntax).bytes;
    const length = Buffer.alloc(12);
    length.write('\x02\0\0\0UL\x04\0', 'latin1');
    length.writeUInt32LE(meta.length, 8);
    return new Uint8Array(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, joined([...usual.filter((u) => !more.some((m) => m.tag === u.tag)), ...more, data])]));
}
const infoOf = (bytes) => describe(openDicom(bytes), bytes);

async function opened(bytes, piece = bytes.length, head = bytes.length) {
    const told = [];
    let now = 0;
    const engine = new Engine({
        now: () => (now += 1000),
        head: async () => ({ head: bytes.slice(0, head), total: bytes.length }),
        stretch: async (from, to) => bytes.slice(from, to + 1),
        all: async (here) => {
            const buffer = new Uint8Array(bytes.length);
            for (let at = 0; at < bytes.length; at += piece) {
                buffer.set(bytes.subarray(at, at + piece), at);
                here(buffer, Math.min(bytes.length, at + piece), bytes.length);
                await new Promise((r) => setTimeout(r, 1));
            }
            return buffer;
        },
    }, (t) => told.push(t));
    await engine.open();
    return { engine, told, info: engine.info };
}

const seen = (more = {}) => ({ width: 2, height: 2, toImage: [1, 0, 0, 1, 0, 0], centre: 128, windowWidth: 256, invert: false, ...more });
const greys = async (engine, more, frame = 0) => { const { pixels } = await engine.draw(frame, seen(more)); return [0, 4, 8, 12].map((i) => pixels[i]); };

test('an X-ray of MONOCHROME1 with INVERSE is no negative', async () => {
    for (const more of [[], [el(0x20500020, 'CS', 'INVERSE')]]) {
        const { engine } = await opened(file([0, 85, 170, 255], [el(0x00280004, 'CS', 'MONOCHROME1'), ...more]));
        assert.deepEqual(await greys(engine), [255, 170, 85, 0]);
        assert.deepEqual(await greys(engine, { invert: true }), [0, 85, 170, 255]);
    }
});

const lut = (tag, descriptor, data, vr = 'US', more = []) => sequence(tag, [el(0x00283002, vr, words(...descriptor)), el(0x00283006, 'OW', data), ...more]);
const step = words(...Array.from({ length: 256 }, (_, i) => (i < 128 ? 0 : 65535)));

test('a VOI LUT is what a picture without a window opens with; a window may be chosen instead', async () => {
    const { engine, info, told } = await opened(file([0, 100, 150, 255], [lut(0x00283010, [256, 0, 16], step)]));
    const look = firstLook(info, told.find((t) => t.type === 'info').suggested);
    assert.equal(look.lut, 0);
    assert.deepEqual(await greys(engine, { lut: look.lut }), [0, 0, 255, 255]);
    assert.deepEqual(await greys(engine), [0, 100, 150, 255]);
    assert.deepEqual(info.unapplied, []);
    assert.ok(presetsOf(info, { centre: 0, width: 1, least: 0, most: 255 }).some((p) => p.key === 'full' && p.lut === null));
});

test('VOI LUT: first value below zero, 0 for 65536 entries, 8 bits packed and in words', async () => {
    const signed = await opened(file([0, 1, 2, 3], [el(0x00281052, 'DS', '-2'), el(0x00281053, 'DS', '1'), lut(0x00283010, [4, 0xfffe, 8], Buffer.from([10, 20, 30, 40]), 'SS')]));
    assert.deepEqual(await greys(signed.engine, { lut: 0 }), [10, 20, 30, 40]);
    const wide = await opened(file([0, 1, 2, 3], [lut(0x00283010, [4, 0, 8], words(10, 20, 30, 40))]));
    assert.deepEqual(await greys(wide.engine, { lut: 0 }), [10, 20, 30, 40]);
    const whole = infoOf(file([0, 1, 2, 3], [lut(0x00283010, [0, 0, 16], Buffer.alloc(131072, 7))]));
    assert.deepEqual([whole.voiLuts[0].values.length, whole.voiLuts[0].values[65535]], [65536, 0x0707]);
});

test('a Modality LUT stands instead of slope and intercept, and its values are probed', async () => {
    const type = [el(0x00283004, 'LO', 'OD')];
    const { engine, info, told } = await opened(file([3, 4, 5, 9], [lut(0x00283000, [3, 4, 16], words(100, 3000, 200), 'US', type)]));
    assert.equal((await engine.draw(0, seen())).quality, 'full');
    assert.deepEqual([[0, 0], [1, 0], [0, 1], [1, 1]].map(([x, y]) => engine.probe(0, x, y)[0]), [100, 100, 3000, 200]);
    assert.equal(info.unit, 'OD');
    const { least, most } = told.filter((t) => t.type === 'info').at(-1).suggested;
    assert.deepEqual([least, most], [100, 3000]);
});

test('a curve that can not be read is said', () => {
    assert.deepEqual(infoOf(file([0, 0, 0, 0], [lut(0x00283000, [256, 0, 16], words(1, 2)), lut(0x00283010, [256, 0, 3], step), el(0x00281056, 'CS', 'BENT')])).unapplied, ['modalityLut', 'voiLut', 'voiFunction']);
});

test('a cine without an offset table, two fragments a frame, is seen on a slow line', async () => {
    const frame = Buffer.alloc(64 + 4); // RLE: one segment of four equal bytes
    frame.writeUInt32LE(1, 0);
    frame.writeUInt32LE(64, 4);
    const of = (grey) => { const b = Buffer.from(frame); b.set([3, grey, grey + 1, grey + 2], 64); return Buffer.concat([b, Buffer.from([grey + 3, 0])]); };
    const rle = file(fragments(of(10), of(20)), [el(0x00280008, 'IS', '2')], '1.2.840.10008.1.2.5');
    const one = await opened(rle, 16, rle.length - 150);
    assert.deepEqual(await greys(one.engine, {}, 1), [20, 21, 22, 23]);
    const { jpeg, expected } = await lossless();
    const half = (jpeg.length >> 1) & ~1;
    const parts = [jpeg.subarray(0, half), jpeg.subarray(half)];
    const cine = file(fragments(...parts, ...parts), [el(0x00280008, 'IS', '2')], '1.2.840.10008.1.2.4.80');
    const { engine, told } = await opened(cine, 8, cine.length - 2 * jpeg.length - 40);
    assert.deepEqual(told.filter((t) => t.type === 'failed'), []);
    for (const n of [0, 1]) assert.deepEqual(await greys(engine, {}, n), expected);
});

/** The picture 10 90 170 250 as JPEG-LS. */
async function lossless() {
    const { createRequire } = await import('node:module');
    const codec = await createRequire(import.meta.url)('@cornerstonejs/codec-charls')();
    const encoder = new codec.JpegLSEncoder();
    const expected = [10, 90, 170, 250];
    encoder.getDecodedBuffer({ width: 2, height: 2, bitsPerSample: 8, componentCount: 1, isSigned: false }).set(Uint8Array.from(expected));
    encoder.setNearLossless(0);
    encoder.encode();
    return { jpeg: Buffer.from(encoder.getEncodedBuffer()), expected };
}

test('YBR_FULL_422 of two bytes a pixel', async () => {
    const colour = (columns) => [el(0x00280002, 'US', 3), el(0x00280004, 'CS', 'YBR_FULL_422'), el(0x00280006, 'US', 0), el(0x00280011, 'US', columns)];
    const { engine, told } = await opened(file([76, 0, 85, 255, 76, 255, 128, 128], colour(2)));
    const { pixels, quality } = await engine.draw(0, seen());
    assert.equal(quality, 'full');
    const near = (at, rgb) => assert.ok(rgb.every((v, c) => Math.abs(pixels[at + c] - v) < 3), `${pixels.slice(at, at + 3)} instead of ${rgb}`);
    near(0, [254, 0, 0]);
    near(8, [76, 76, 76]);
    near(12, [255, 255, 255]);
    assert.equal(told.find((t) => t.short), undefined);
    const odd = await opened(file(Buffer.alloc(12), colour(3)));
    assert.deepEqual(odd.told.filter((t) => t.type === 'failed').map((t) => [t.code, t.detail]), [['codec', 'YBR_FULL_422']]);
});

test('loss is said by the packing too', () => {
    const lossy = (syntax, more = []) => infoOf(file(syntax === EXPLICIT ? [0, 0, 0, 0] : fragments(Buffer.alloc(4)), more, syntax)).lossy;
    for (const n of [50, 51, 81, 91]) assert.equal(lossy(`1.2.840.10008.1.2.4.${n}`), true, String(n));
    for (const n of [57, 70, 80, 90]) assert.equal(lossy(`1.2.840.10008.1.2.4.${n}`), false, String(n));
    assert.deepEqual([lossy(EXPLICIT), lossy(EXPLICIT, [el(0x00282110, 'CS', '01')])], [false, true]);
});

test('a spacing of the detector is not called corrected', () => {
    const [pixel, imager] = [(v) => el(0x00280030, 'DS', v), (v) => el(0x00181164, 'DS', v)];
    const detector = (...more) => infoOf(file([0, 0, 0, 0], more)).spacing?.atDetector;
    assert.equal(detector(pixel('0.2\\0.2'), imager('0.2\\0.2')), true);
    assert.equal(detector(pixel('0.2\\0.2'), imager('0.20\\0.200'), el(0x00280a02, 'CS', 'FIDUCIAL')), false);
    assert.equal(detector(pixel('0.15\\0.15'), imager('0.2\\0.2')), false);
    assert.equal(detector(pixel('0.2\\0.2')), true, 'nothing says that an X-ray was corrected');
    assert.equal(detector(pixel('0.2\\0.2'), el(0x00080060, 'CS', 'CT')), false);
    assert.equal(detector(imager('0.2\\0.2')), true);
    assert.equal(detector(), undefined);
    assert.deepEqual([infoOf(file([0, 0, 0, 0], [el(0x00280034, 'IS', '3\\2')])).aspect, infoOf(file([0, 0, 0, 0])).aspect], [1.5, 1]);
});

test('frames of an enhanced file have scales of their own', async () => {
    const groups = (slope, centre) => [sequence(0x00289145, [el(0x00281052, 'DS', '0'), el(0x00281053, 'DS', slope)]), sequence(0x00289132, [el(0x00281050, 'DS', centre), el(0x00281051, 'DS', '256')])];
    const made = (...frames) => file([10, 10, 10, 10, 10, 10, 10, 10], [el(0x00280008, 'IS', '2'), sequence(0x52009230, ...frames)]);
    const { engine, info } = await opened(made(groups('1', '128'), groups('4', '128')));
    assert.deepEqual([await greys(engine, {}, 0), await greys(engine, {}, 1)].map((g) => g[0]), [10, 40]);
    assert.deepEqual([engine.probe(0, 0, 0), engine.probe(1, 0, 0)], [[10], [40]]);
    assert.equal(info.windowsDiffer, false);
    assert.equal(infoOf(made(groups('1', '128'), groups('1', '60'))).windowsDiffer, true);
    assert.equal(infoOf(made(groups('1', '128'), groups('1', '128'))).scales, undefined);
});
