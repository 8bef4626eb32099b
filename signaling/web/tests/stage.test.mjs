// SPDX-License-Identifier: Apache-2.0
// Sums of the viewers: where pictures stand, marks, ECG paper, filters, waves, vital signs, and loading by ranges.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled } from './support.mjs';

const p = await bundled('viewers/placement.ts');
const marks = await bundled('viewers/marks/model.ts');
const layout = await bundled('viewers/ecg/layout.ts');
const { drawSheet } = await bundled('viewers/ecg/draw.ts');
const { applies, filtered, pageOf } = await bundled('viewers/ecg/filters.ts');
const wave = await bundled('viewers/audio/wave.ts');
const vitals = await bundled('viewers/vitals/ranges.ts');
const load = await bundled('viewers/fetch.ts');
const { pictureSize } = await bundled('viewers/photo/size.ts');

const near = (a, b, by = 1e-6) => a.forEach((v, i) => assert.ok(Math.abs(v - b[i]) < by, `${a} is not ${b}`));
const stage = { width: 800, height: 600 };

test('to the screen and back, at every turn, mirrored or not', () => {
    for (const turn of [0, 1, 2, 3])
        for (const mirrored of [false, true]) {
            const at = { scale: 1.7, x: 120, y: 90, turn, mirrored };
            near(p.toImage(at, stage, p.toScreen(at, stage, [33, 210])), [33, 210]);
            const [a, b, c, d, e, f] = p.matrixToScreen(at, stage, 2);
            near([a * 33 + c * 210 + e, b * 33 + d * 210 + f].map((v) => v / 2), p.toScreen(at, stage, [33, 210]));
            const m = p.matrixToImage(at, stage, 2);
            near([m[0] * 100 + m[2] * 80 + m[4], m[1] * 100 + m[3] * 80 + m[5]], p.toImage(at, stage, [50, 40]));
        }
});

test('a quarter turn is clockwise: what was on top is on the right', () => {
    const at = p.turned(p.fitted({ width: 400, height: 300 }, stage));
    const [x] = p.toScreen(at, stage, [200, 0]);
    assert.ok(x > 400);
});

test('the point under the finger stays; a picture fits; it never leaves the stage', () => {
    const at = p.fitted({ width: 1000, height: 3000 }, stage);
    assert.equal(at.scale, 0.2);
    const before = p.toImage(at, stage, [500, 120]);
    near(p.toImage(p.zoomed(at, stage, [500, 120], 3), stage, [500, 120]), before);
    const far = p.held(p.moved(at, 1e6, 1e6), { width: 1000, height: 3000 });
    assert.deepEqual([far.x, far.y], [0, 0]);
    assert.equal(p.zoomed(at, stage, [0, 0], 1e9).scale, p.LARGEST);
});

test('millimetres by both spacings', () => {
    assert.equal(p.distanceMm([0, 0], [30, 40], { row: 2, column: 2 }), 100);
    near([p.distanceMm([0, 0], [3, 4], { row: 1, column: 0.5 })], [Math.hypot(1.5, 4)]);
    assert.equal(p.distanceMm([0, 0], [3, 4], undefined), undefined);
});

test('live marks are checked before they are drawn', () => {
    const good = { shape: 'arrow', points: [[1, 2], [3, 4]], text: 'a', frame: 2, by: 'acc_x', extra: 1 };
    assert.deepEqual(marks.asMark(good), { shape: 'arrow', points: [[1, 2], [3, 4]], text: 'a', frame: 2 });
    for (const bad of [null, 1, {}, { shape: 'arrow' }, { shape: 'script', points: [[1, 2]] }, { shape: 'line', points: [[1, NaN]] }, { shape: 'line', points: [['1', 2]] }, { shape: 'line', points: Array(300).fill([0, 0]) }, { shape: 'line', points: [[1e9, 0]] }]) assert.equal(marks.asMark(bad), null);
    const all = marks.withOwn([{ shape: 'line', points: [], by: 'b' }, { shape: 'line', points: [], by: 'me' }], 'me', [{ shape: 'text', points: [] }]);
    assert.deepEqual(all.map((m) => [m.by, m.shape]), [['b', 'line'], ['me', 'text']]);
});

const twelve = (seconds, names = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']) => ({ rateHz: 500, warnings: [], leads: names.map((name) => ({ name, samples: new Float32Array(500 * seconds) })) });
const paper = { speed: 25, gain: 10, layout: '3x4', from: 0 };

test('3×4: columns of 2.5 s, 62.5 mm wide, and a rhythm strip of 10 s', () => {
    const s = layout.sheetOf(twelve(10), paper);
    const names = s.cells.map((c) => twelve(1).leads[c.lead].name);
    assert.deepEqual(names, ['I', 'aVR', 'V1', 'V4', 'II', 'aVL', 'V2', 'V5', 'III', 'aVF', 'V3', 'V6', 'II']);
    assert.equal(s.cells[1].x - s.cells[0].x, 62.5);
    assert.deepEqual([s.cells[3].from, s.cells[3].to, s.cells[12].from, s.cells[12].to], [7.5, 10, 0, 10]);
    assert.equal(s.width, 270);
    assert.ok(s.cells.every((c) => Number.isInteger(c.y * 2)));
});

test('6×2, 12×1 and leads that are not twelve', () => {
    assert.equal(layout.sheetOf(twelve(10), { ...paper, layout: '6x2' }).cells.length, 12);
    assert.equal(layout.sheetOf(twelve(10), { ...paper, layout: '12x1', speed: 50 }).width, 520);
    const two = twelve(1800, ['MLII', 'V5']);
    assert.deepEqual(layout.layoutsOf(two), ['all']);
    const s = layout.sheetOf(two, { ...paper, layout: 'all', from: 1795 });
    assert.deepEqual(s.cells.map((c) => [c.from, c.to]), [[1795, 1800], [1795, 1800]]);
});

test('a short ECG shows every lead, in every layout', () => {
    for (const seconds of [0.5, 2, 5, 10]) {
        const ecg = twelve(seconds);
        for (const name of layout.layoutsOf(ecg)) {
            const { cells } = layout.sheetOf(ecg, { ...paper, layout: name });
            assert.deepEqual([...new Set(cells.map((c) => c.lead))].sort((a, b) => a - b), [...ecg.leads.keys()], `${name} ${seconds} s`);
            assert.ok(cells.every((c) => c.from >= 0 && c.to > c.from && c.to <= seconds + 1e-9), `${name} ${seconds} s`);
        }
        assert.equal(layout.firstLayout(ecg), seconds === 10 ? '3x4' : '12x1');
    }
});

test('the last sample of any ECG can be reached', () => {
    for (const [seconds, last] of [[2, 0], [10, 0], [10.002, 0], [10.004, 0.002], [10.5, 0.498], [30.9, 20.898]]) {
        const ecg = { rateHz: 500, warnings: [], leads: [{ name: 'II', samples: Float32Array.from({ length: Math.round(seconds * 500) }, (_, i) => i) }] };
        assert.ok(Math.abs(layout.lastFrom(ecg) - last) < 1e-9, `${seconds} s`);
        const { samples } = pageOf(ecg, layout.lastFrom(ecg), layout.PAGE_SECONDS, []).leads[0];
        assert.equal(samples.at(-1), ecg.leads[0].samples.length - 1);
    }
});

test('calipers: 25 mm are a second at 25 mm/s and half of one at 50', () => {
    assert.deepEqual(layout.measured(20, -10, { speed: 25, gain: 10 }), { ms: 800, bpm: 75, mV: 1 });
    assert.deepEqual(layout.measured(25, 5, { speed: 50, gain: 20 }), { ms: 500, bpm: 120, mV: 0.25 });
});

test('on the canvas a second is 25 mm, a millivolt 10 mm, and the grid has a line each millimetre', () => {
    const ecg = twelve(10, ['II']);
    ecg.leads[0].samples[250] = 1000; // 1 mV at half a second
    const lines = [];
    const fills = [];
    const c = { beginPath: () => undefined, moveTo: (x, y) => lines.push([x, y]), lineTo: (x, y) => lines.push([x, y]), stroke: () => undefined, fillRect: (...r) => fills.push(r), fillText: () => undefined, strokeText: () => undefined };
    const sheet = layout.sheetOf(ecg, { ...paper, layout: 'all' });
    drawSheet(c, ecg, [0], sheet, paper, 4);
    const zero = [(layout.MARGIN_MM + layout.PULSE_MM) * 4, sheet.cells[0].y * 4];
    assert.ok(lines.some(([x, y]) => Math.abs(x - (zero[0] + 12.5 * 4)) < 1e-6 && Math.abs(y - (zero[1] - 10 * 4)) < 1e-6));
    const pulse = lines.slice(0, 6);
    near([pulse[3][0] - pulse[2][0], pulse[1][1] - pulse[2][1]], [0.2 * 25 * 4, 10 * 4]);
    const columns = new Set(fills.filter((r) => r[2] === 1).map((r) => r[0]));
    assert.equal(columns.size, 271);
});

test('filters take what they are named for and move nothing', () => {
    const rate = 500;
    const sine = (hz) => Float32Array.from({ length: 5000 }, (_, i) => 100 * Math.sin((2 * Math.PI * hz * i) / rate));
    const size = (v) => Math.max(...v.slice(1000, 4000).map(Math.abs));
    assert.ok(size(filtered(sine(50), rate, ['mains50'])) < 2);
    assert.ok(size(filtered(sine(10), rate, ['mains50'])) > 98);
    assert.ok(size(filtered(sine(100), rate, ['muscle'])) < 5);
    assert.ok(size(filtered(sine(0.1), rate, ['baseline'])) < 10);
    const spike = new Float32Array(5000); spike[2500] = 1000;
    const out = filtered(spike, rate, ['muscle']);
    assert.equal(out.indexOf(Math.max(...out)), 2500);
    const gap = new Float32Array(100).fill(5); gap[50] = NaN;
    const kept = filtered(gap, rate, ['baseline', 'muscle']);
    assert.ok(Number.isNaN(kept[50]) && !Number.isNaN(kept[51]));
});

test('of a day only what is shown is filtered, and as if all of it had been', (t) => {
    const rateHz = 200;
    const samples = new Float32Array(rateHz * 86400).map((_, i) => ((i * 7919) % 1009) + 300 * Math.sin(i / 900));
    const ecg = { rateHz, warnings: [], leads: [{ name: 'II', samples }] };
    const all = ['baseline', 'muscle', 'mains50'];
    const began = performance.now();
    const page = pageOf(ecg, 40000, 10, all).leads[0].samples;
    const ms = performance.now() - began;
    t.diagnostic(JSON.stringify({ filtered_page_ms: ms }));
    assert.equal(page.length, 2001);
    assert.ok(ms < 200, `${ms} ms`);
    const around = filtered(samples.slice(39900 * rateHz, 40110 * rateHz), rateHz, all).subarray(100 * rateHz, 110 * rateHz + 1);
    assert.ok(page.every((v, i) => Math.abs(v - around[i]) < 0.1));
    const start = pageOf(ecg, 0, 10, all).leads[0].samples;
    const whole = filtered(samples.slice(0, 100 * rateHz), rateHz, all);
    assert.ok(start.every((v, i) => Math.abs(v - whole[i]) < 0.1));
});

test('a filter above what the rate can hold is not called on', () => {
    assert.deepEqual([applies('baseline', 50), applies('muscle', 100), applies('mains50', 120), applies('muscle', 250), applies('mains50', 250)], [true, false, false, true, true]);
});

test('waves: no peak is lost; a looped place stays in its part', () => {
    const s = new Float32Array(10000); s[7777] = 0.9; s[2] = -0.5;
    const { least, most } = wave.peaks(s, 100);
    near([most[77], least[0]], [0.9, -0.5]);
    assert.equal(wave.placeOf(0, 5, 4, null), 4);
    near([wave.placeOf(1, 0.5, 9, { from: 1, to: 2 }), wave.placeOf(1, 2.25, 9, { from: 1, to: 2 })], [1.5, 1.25]);
});

test('vital signs: in order of time, with where they stand', () => {
    const m = (at, value) => ({ type: 'vitals', takenAt: at, addedAt: at, values: [{ code: 'spo2', value, unit: '%' }] });
    const [s] = vitals.seriesOf([m('2026-01-02T00:00:00.000Z', 97), m('2026-01-01T00:00:00.000Z', 88), { type: 'photo' }]);
    assert.deepEqual(s.points.map((q) => q.value), [88, 97]);
    assert.deepEqual([vitals.standing('spo2', 88), vitals.standing('spo2', 97), vitals.standing('systolic', 200), vitals.standing('weight', 1)], ['low', 'normal', 'high', 'noRange']);
    const [low, high] = vitals.axisOf(s);
    assert.ok(low < 88 && high === 100);
});

test('what a picture says it is, before it is unpacked', () => {
    const png = new Uint8Array(32); png.set([0x89, 0x50, 0x4e, 0x47]); new DataView(png.buffer).setUint32(16, 50000); new DataView(png.buffer).setUint32(20, 50000);
    assert.deepEqual(pictureSize(png), { width: 50000, height: 50000 });
    assert.equal(pictureSize(new TextEncoder().encode('<svg onload="x">')), null);
});

// ---- ranges ----

/** A server of one file that may break after so many bytes. */
function server(file, breaks = []) {
    const asked = [];
    const fetcher = async (_url, init) => {
        const [, from, to] = /bytes=(\d+)-(\d*)/.exec(init.headers.range);
        asked.push(init.headers);
        const last = to === '' ? file.length - 1 : Math.min(Number(to), file.length - 1);
        if (Number(from) >= file.length) return new Response(null, { status: 416 });
        const whole = file.slice(Number(from), last + 1);
        const cut = breaks.shift();
        const body = new ReadableStream({ start(c) { c.enqueue(cut === undefined ? whole : whole.slice(0, cut)); if (cut === undefined) c.close(); else setTimeout(() => c.error(new TypeError('gone')), 1); } });
        return new Response(body, { status: 206, headers: { 'content-range': `bytes ${from}-${last}/${file.length}`, etag: '"e"' } });
    };
    return { fetcher, asked };
}
const file = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
const wait = async () => undefined;

test('after a break it goes on from where it was, of the same content', async () => {
    const s = server(file, [1000, 0, 700]);
    assert.deepEqual(await load.loadBytes('m', { fetcher: s.fetcher, wait }), file);
    assert.deepEqual(s.asked.map((h) => h.range), ['bytes=0-', 'bytes=1000-', 'bytes=1000-', 'bytes=1700-']);
    assert.equal(s.asked[3]['if-range'], '"e"');
});

test('head and stretch', async () => {
    const { head, total } = await load.loadHead('m', 100, { fetcher: server(file).fetcher });
    assert.deepEqual([head.length, total], [100, 5000]);
    assert.deepEqual(await load.loadBytes('m', { from: 4000, to: 4009, fetcher: server(file).fetcher }), file.slice(4000, 4010));
});

test('what makes no sense to ask again is not', async () => {
    let times = 0;
    const fetcher = async () => { times++; return new Response(null, { status: 404 }); };
    await assert.rejects(load.loadBytes('m', { fetcher, wait }), (e) => e.name === 'LoadError' && e.status === 404);
    assert.equal(times, 1);
    times = 0;
    const busy = async () => { times++; return new Response(null, { status: 503 }); };
    await assert.rejects(load.loadBytes('m', { fetcher: busy, wait }), (e) => e.status === 503);
    assert.equal(times, 8);
});

test('other content under the same name is loaded from its start', async () => {
    let times = 0;
    const fetcher = async (_u, init) => {
        const from = Number(/bytes=(\d+)/.exec(init.headers.range)[1]);
        if (times++ === 0) return new Response(new ReadableStream({ start(c) { c.enqueue(file.slice(0, 10)); setTimeout(() => c.error(new TypeError('gone')), 1); } }), { status: 206, headers: { 'content-range': 'bytes 0-4999/5000', etag: '"a"' } });
        assert.equal(from, 10);
        return new Response(file.slice(0, 200), { status: 200, headers: { 'content-length': '200', etag: '"b"' } });
    };
    assert.deepEqual(await load.loadBytes('m', { fetcher, wait }), file.slice(0, 200));
});
