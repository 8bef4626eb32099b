// SPDX-License-Identifier: Apache-2.0
// DICOM ECGs of several multiplex groups: what belongs together comes out as one, what does not stands beside it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled, material } from './support.mjs';

const { parseEcg } = await bundled('viewers/ecg/parse.ts');
const { firstLayout } = await bundled('viewers/ecg/layout.ts');

const NAMES = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
const LONG = new Set(['OW', 'SQ']);

/** One element, explicit VR little endian. */
function el(group, element, vr, value) {
    const padded = Buffer.from(value.length % 2 ? [...Buffer.from(value), vr === 'UI' ? 0 : 32] : value);
    const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
    head.writeUInt16LE(group, 0);
    head.writeUInt16LE(element, 2);
    head.write(vr, 4, 'latin1');
    if (LONG.has(vr)) head.writeUInt32LE(padded.length, 8);
    else head.writeUInt16LE(padded.length, 6);
    return Buffer.concat([head, padded]);
}
const bytes = (type, ...values) => Buffer.from(new type(values).buffer);
const us = (group, element, n) => el(group, element, 'US', bytes(Uint16Array, n));
const ul = (group, element, n) => el(group, element, 'UL', bytes(Uint32Array, n));
const sq = (group, element, items) => el(group, element, 'SQ', Buffer.concat(items.flatMap((item) => [Buffer.from([0xfe, 0xff, 0, 0xe0]), bytes(Uint32Array, item.length), item])));
const channel = (name) => Buffer.concat([sq(0x3a, 0x208, [el(8, 0x104, 'LO', Buffer.from(`Lead ${name}`))]), el(0x3a, 0x210, 'DS', Buffer.from('1')),
    sq(0x3a, 0x211, [el(8, 0x100, 'SH', Buffer.from('uV'))]), el(0x3a, 0x212, 'DS', Buffer.from('1'))]);

/** `at`: (0018,1068), ms. sample(lead, sample). */
function group({ leads, count = 1250, rate = 500, at, derived = false, title = 'RHYTHM', sample = () => 1 }) {
    const samples = Array.from({ length: count }, (_, i) => leads.map((name) => sample(name, i))).flat();
    return Buffer.concat([...(at === undefined ? [] : [el(0x18, 0x1068, 'DS', Buffer.from(String(at)))]), el(0x3a, 4, 'CS', Buffer.from(derived ? 'DERIVED' : 'ORIGINAL')),
        us(0x3a, 5, leads.length), ul(0x3a, 0x10, count), el(0x3a, 0x1a, 'DS', Buffer.from(String(rate))), el(0x3a, 0x20, 'SH', Buffer.from(title)),
        sq(0x3a, 0x200, leads.map(channel)), el(0x5400, 0x1006, 'CS', Buffer.from('SS')), el(0x5400, 0x1010, 'OW', bytes(Int16Array, ...samples))]);
}

function file(...groups) {
    const meta = el(2, 0x10, 'UI', Buffer.from('1.2.840.10008.1.2.1'));
    return new Uint8Array(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), ul(2, 0, meta.length), meta, sq(0x5400, 0x100, groups)]));
}

const three = (g) => NAMES.slice(3 * g, 3 * g + 3);
const lead = (ecg, name) => ecg.leads.find((l) => l.name === name).samples;
const span = (samples) => [samples.findIndex((v) => !Number.isNaN(v)), samples.findLastIndex((v) => !Number.isNaN(v))];

test('four groups of three leads, one after another, are one ECG of twelve', () => {
    const ecg = parseEcg(file(...[0, 1, 2, 3].map((g) => group({ leads: three(g), at: 2500 * g, sample: (name, i) => NAMES.indexOf(name) * 100 + (i % 7) }))));
    assert.deepEqual([ecg.leads.map((l) => l.name), ecg.others], [NAMES, undefined]);
    NAMES.forEach((name, k) => {
        const g = Math.floor(k / 3);
        assert.deepEqual(span(lead(ecg, name)), [1250 * g, 1250 * g + 1249], name);
        assert.equal(lead(ecg, name)[1250 * g + 3], k * 100 + 3);
    });
    assert.equal(firstLayout(ecg), '3x4');
});

test('the same twelve with a rhythm strip that agrees with them', () => {
    const sample = (name, i) => (name === 'II' ? i % 50 : 5);
    const parts = [0, 1, 2, 3].map((g) => group({ leads: three(g), at: 2500 * g, sample }));
    const ecg = parseEcg(file(...parts, group({ leads: ['II'], count: 5000, at: 0, sample })));
    assert.deepEqual([ecg.leads.length, span(lead(ecg, 'II')), ecg.others], [12, [0, 4999], undefined]);
    const other = parseEcg(file(...parts, group({ leads: ['II'], count: 5000, at: 0, sample: () => -900 })));
    assert.deepEqual([other.leads.length, other.others.map((o) => o.leads.length)], [12, [1]], 'another II stands beside it');
});

test('what is not known to belong together is not put together, and none is lost', () => {
    const unknown = parseEcg(file(...[0, 1, 2, 3].map((g) => group({ leads: three(g) }))));
    assert.deepEqual([unknown, ...unknown.others].map((e) => e.leads.map((l) => l.name)), [0, 1, 2, 3].map(three));
    const rates = parseEcg(file(group({ leads: ['II'], at: 0, rate: 250, count: 10000 }), group({ leads: NAMES, at: 0, count: 5000, title: 'TWELVE' })));
    assert.deepEqual([rates.title, rates.leads.length, rates.others[0].rateHz], ['TWELVE', 12, 250]);
    const apart = parseEcg(file(group({ leads: ['I'], at: 0 }), group({ leads: ['II'], at: 3_600_000 })));
    assert.equal(apart.others.length, 1);
    const damaged = parseEcg(file(group({ leads: ['I'] }), group({ leads: ['II'], count: 0 })));
    assert.deepEqual(damaged.warnings, ['other_rate']);
});

test('the median beats of a real file stand behind its rhythm', () => {
    const ecg = parseEcg(material('ecg_12lead_500hz.dcm'));
    assert.deepEqual([ecg.title, ecg.leads[0].samples.length, ecg.others.map((o) => [o.title, o.leads[0].samples.length])], ['RHYTHM', 5000, [['MEDIAN BEAT', 600]]]);
});
