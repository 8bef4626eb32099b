// SPDX-License-Identifier: Apache-2.0
// A DICOM on its way: what is seen when only a part is here, several frames, and how good it is said to be.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled, material } from './support.mjs';

const { Engine, roughPlane } = await bundled('viewers/dicom/engine.ts');
const dicom = await bundled('viewers/dicom/all.ts');

/** A file of explicit little endian: 16 bit grey, each pixel 100·frame + row. */
function made(rows, columns, frames, extra = []) {
    const parts = [];
    const element = (group, tag, vr, value) => {
        const long = ['OB', 'OW', 'SQ', 'UN'].includes(vr);
        const bytes = typeof value === 'string' ? new TextEncoder().encode(value.length % 2 ? `${value}${vr === 'UI' ? '\0' : ' '}` : value) : typeof value === 'number' ? new Uint8Array(new Uint16Array([value]).buffer) : value;
        const head = new DataView(new ArrayBuffer(long ? 12 : 8));
        head.setUint16(0, group, true); head.setUint16(2, tag, true); head.setUint8(4, vr.charCodeAt(0)); head.setUint8(5, vr.charCodeAt(1));
        if (long) head.setUint32(8, bytes.length, true); else head.setUint16(6, bytes.length, true);
        parts.push(new Uint8Array(head.buffer), bytes);
    };
    parts.push(new Uint8Array(128), new TextEncoder().encode('DICM'));
    element(2, 0x10, 'UI', '1.2.840.10008.1.2.1');
    const pixels = new Uint16Array(rows * columns * frames);
    for (let i = 0; i < pixels.length; i++) pixels[i] = 100 * Math.floor(i / (rows * columns)) + (Math.floor(i / columns) % rows);
    const set = [[0x28, 2, 'US', 1], [0x28, 4, 'CS', 'MONOCHROME2'], [0x28, 8, 'IS', String(frames)], [0x28, 0x10, 'US', rows], [0x28, 0x11, 'US', columns], [0x28, 0x100, 'US', 16], [0x28, 0x101, 'US', 16], [0x28, 0x102, 'US', 15], [0x28, 0x103, 'US', 0], ...extra].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [g, t, vr, v] of set) element(g, t, vr, v);
    element(0x7fe0, 0x10, 'OW', new Uint8Array(pixels.buffer));
    const out = new Uint8Array(parts.reduce((s, p) => s + p.length, 0));
    parts.reduce((at, p) => { out.set(p, at); return at + p.length; }, 0);
    return out;
}

const seen = (w, h) => ({ width: w, height: h, toImage: [1, 0, 0, 1, 0, 0], centre: 128, windowWidth: 256, invert: false });

/** A slow line: the clock moves with the bytes. */
function slow(file, pieceBytes, msPerPiece, onPiece) {
    let now = 0;
    let stretches = 0;
    return {
        count: () => stretches,
        source: {
            now: () => now,
            head: async (n) => { now += msPerPiece; return { head: file.slice(0, n), total: file.length }; },
            stretch: async (from, to) => { stretches++; return file.slice(from, to + 1); },
            all: async (here) => {
                const buffer = new Uint8Array(file.length);
                for (let at = 0; at < file.length; at += pieceBytes) {
                    buffer.set(file.subarray(at, at + pieceBytes), at);
                    now += msPerPiece;
                    here(buffer, Math.min(file.length, at + pieceBytes), file.length);
                    await new Promise((r) => setTimeout(r, 1));
                    await onPiece?.(at);
                }
                return buffer;
            },
        },
    };
}

test('a large file on a slow line: rough first, then full, and it says so', async () => {
    const file = made(1500, 1500, 1);
    const told = [];
    let engine;
    const looks = [];
    const line = slow(file, 256 * 1024, 500, async (at) => { if (at > 1e6 && looks.length === 0) { const d = await engine.draw(0, seen(8, 1500)); if (d) looks.push(d); } });
    engine = new Engine(line.source, (t) => told.push(t));
    await engine.open();
    assert.equal(told.find((t) => t.type === 'info').info.rows, 1500);
    assert.ok(line.count() > 20 && line.count() <= 40);
    const qualities = told.filter((t) => t.type === 'better').map((t) => t.quality);
    assert.equal(qualities[0] === 'rough' || qualities[0] === 'partial', true);
    assert.ok(qualities.includes('rough'));
    assert.equal(qualities[qualities.length - 1], 'full');
    assert.equal(looks[0].quality, 'rough');
    // at row 200 the value is about 200: the rough picture is where the full one is
    assert.ok(Math.abs(looks[0].pixels[4 * 8 * 200] - 200) < 12, String(looks[0].pixels[4 * 8 * 200]));
    const full = await engine.draw(0, seen(8, 1500));
    assert.deepEqual([full.quality, full.pixels[4 * 8 * 200]], ['full', Math.round(dicom.windowed(200, 128, 256, 'LINEAR'))]);
    assert.deepEqual(engine.probe(0, 3, 777), [777]);
});

test('a fast line asks for nothing but the file', async () => {
    const line = slow(made(1500, 1500, 1), 1024 * 1024, 20);
    const told = [];
    await new Engine(line.source, (t) => told.push(t)).open();
    assert.equal(line.count(), 0);
    assert.deepEqual(told.filter((t) => t.type === 'better').map((t) => t.quality).at(-1), 'full');
});

test('the first of many frames is full before the last is here', async () => {
    const file = made(256, 512, 8);
    const told = [];
    const line = slow(file, 300 * 1024, 500);
    const engine = new Engine(line.source, (t) => told.push(t));
    await engine.open();
    const first = told.findIndex((t) => t.type === 'better' && t.frame === 0 && t.quality === 'full');
    const end = told.findIndex((t) => t.type === 'progress' && t.loaded === t.total);
    assert.ok(first >= 0 && first < end);
    const seventh = await engine.draw(7, seen(1, 1));
    assert.equal(seventh.quality, 'full');
    assert.deepEqual(engine.probe(7, 0, 3), [703]);
});

test('cut short: what is there, and that it is not all', async () => {
    const told = [];
    const cut = made(256, 256, 1).slice(0, 60000);
    const engine = new Engine(slow(cut, 1e6, 1).source, (t) => told.push(t));
    await engine.open();
    assert.deepEqual(told.filter((t) => t.type === 'better').map((t) => [t.quality, t.short]), [['partial', true]]);
    assert.ok(await engine.draw(0, seen(1, 1)));
});

test('a reason for what is no picture', async () => {
    for (const [name, codes] of [['bad_no_meta.dcm', ['unreadable']], ['ecg_12lead_500hz.dcm', ['not_image']], ['bad_vr.dcm', ['damaged']]]) {
        const told = [];
        await new Engine(slow(material(name), 1e6, 1).source, (t) => told.push(t)).open();
        const failed = told.find((t) => t.type === 'failed');
        assert.ok(codes.includes(failed?.code), `${name} ${failed?.code}`);
    }
});

test('windows of the file come first, then all values; padding is left out', async () => {
    const told = [];
    await new Engine(slow(made(100, 100, 1, [[0x28, 0x1050, 'DS', '40\\300'], [0x28, 0x1051, 'DS', '80\\1500'], [0x28, 0x120, 'US', 0]]), 1e6, 1).source, (t) => told.push(t)).open();
    const info = told.find((t) => t.type === 'info');
    assert.deepEqual(info.info.windows.map((w) => [w.centre, w.width]), [[40, 80], [300, 1500]]);
    assert.deepEqual([info.suggested.centre, info.suggested.width], [40, 80]);
    const plain = [];
    await new Engine(slow(made(100, 100, 1, [[0x28, 0x120, 'US', 0]]), 1e6, 1).source, (t) => plain.push(t)).open();
    const last = plain.filter((t) => t.type === 'info').at(-1).suggested;
    assert.deepEqual([last.least, last.most], [1, 99]);
});

test('a rough plane is mixed between the lines that are here', () => {
    const bytes = made(1024, 600, 1);
    const info = dicom.describe(dicom.openDicom(bytes), bytes);
    const line = 1200;
    const extra = new Map([100, 900].map((r) => [r, bytes.slice(info.pixels.at + r * line, info.pixels.at + (r + 1) * line)]));
    const plane = roughPlane(info, bytes.subarray(0, info.pixels.at + 10 * line), 0, extra);
    assert.deepEqual([plane.width, plane.height], [300, 512]);
    assert.ok(Math.abs(plane.data[250 * 300] - 500) <= 2);
});
