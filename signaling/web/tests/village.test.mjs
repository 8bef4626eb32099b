// SPDX-License-Identifier: Apache-2.0
// What the guided form knows by itself: identity numbers, kinds of files, what is still missing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { load } from './load.mjs';

const { readIdNumber, tidyIdNumber } = await load('village/idnumber.ts');
const { kindOfFile, pixelsOf } = await load('village/filekind.ts');
const { oggOfWebm, samplesOf } = await load('village/oggopus.ts');
const { stem, timedName, uniqueName } = await load('viewers/stem.ts');
const NOW = new Date(2026, 10, 22);

/** With its check character; the place code is one that no county has. */
function idNumber(first17) {
    const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const sum = weights.reduce((total, w, i) => total + w * Number(first17[i]), 0);
    return first17 + '10X98765432'[sum % 11];
}

test('an identity number gives sex and age', () => {
    assert.deepEqual(readIdNumber(idNumber('99999919640412001'), NOW), { ok: true, sex: 'male', ageYears: 62 });
    assert.deepEqual(readIdNumber(idNumber('99999920261122002'), NOW), { ok: true, sex: 'female', ageYears: 0 });
    assert.equal(readIdNumber(idNumber('99999920001123001'), NOW).ageYears, 25); // a day before the birthday
    assert.equal(readIdNumber(idNumber('99999920001122001'), NOW).ageYears, 26);
});

test('the published example of GB 11643 holds', () => {
    assert.equal(readIdNumber('11010519491231002X', NOW).ok, true);
    assert.equal(readIdNumber('１１０１０５19491231 002x', NOW).ok, true);
    assert.equal(tidyIdNumber(' 1101-05x '), '110105X');
});

test('a slip is named', () => {
    assert.deepEqual(readIdNumber('11010519491231002', NOW), { ok: false, why: 'length' });
    assert.deepEqual(readIdNumber('110105194912310021', NOW), { ok: false, why: 'check' });
    assert.deepEqual(readIdNumber('11010519491231A02X', NOW), { ok: false, why: 'characters' });
    assert.deepEqual(readIdNumber(idNumber('99999919640231001'), NOW), { ok: false, why: 'birthday' });
    assert.deepEqual(readIdNumber(idNumber('99999920270101001'), NOW), { ok: false, why: 'birthday' });
    assert.deepEqual(readIdNumber('', NOW), { ok: false, why: 'length' });
});

test('every swap of two neighbouring digits is found', () => {
    const good = idNumber('99999919640412317');
    for (let i = 0; i < 17; i++) {
        if (good[i] === good[i + 1]) continue;
        const swapped = good.slice(0, i) + good[i + 1] + good[i] + good.slice(i + 2);
        assert.equal(readIdNumber(swapped, NOW).ok, false, swapped);
    }
});

const bytes = (...parts) => Uint8Array.from(parts.flatMap((p) => (typeof p === 'string' ? [...p].map((c) => c.charCodeAt(0)) : Array.isArray(p) ? p : Array(p).fill(0))));
const png = (w, h) => bytes('\x89PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', [w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255], [h >>> 24, (h >>> 16) & 255, (h >>> 8) & 255, h & 255], 8);

test('files are told by their content', () => {
    const kind = (b, name = 'x', size = b.length) => kindOfFile(b, name, size);
    assert.deepEqual(kind(png(640, 480)), { type: 'photo' });
    assert.deepEqual(kind(bytes([0xff, 0xd8, 0xff, 0xe0], 20)), { type: 'photo' });
    assert.deepEqual(kind(bytes('%PDF-1.7\n')), { type: 'pdf' });
    assert.deepEqual(kind(bytes(128, 'DICM', 4)), { type: 'dicom' });
    assert.deepEqual(kind(bytes(16, 'SCPECG', 4)), { type: 'ecg' });
    assert.deepEqual(kind(bytes('RIFF', 4, 'WAVE')), { type: 'audio' });
    assert.deepEqual(kind(bytes('100 2 360 650000\n100.dat 212 200\n'), '100.hea'), { type: 'ecg', part: 'wfdb_header' });
    assert.deepEqual(kind(bytes('<?xml version="1.0"?><AnnotatedECG xmlns="urn:hl7-org:v3">')), { type: 'ecg' });
});

test('what would be refused is refused before it is sent, by name of the reason', () => {
    const kind = (b, name = 'x', size = b.length) => kindOfFile(b, name, size).refused;
    assert.equal(kind(bytes('<!DOCTYPE html><script>'), 'report.pdf'), 'web');
    assert.equal(kind(bytes('<?xml version="1.0"?><svg onload="x">'), 'report.pdf'), 'web');
    assert.equal(kind(bytes('<svg xmlns="x">'), 'photo.jpg'), 'web');
    assert.equal(kind(bytes(4, 'ftypheic')), 'heic');
    assert.equal(kind(png(50_000, 50_000)), 'pixels');
    assert.equal(kind(bytes('PK\x03\x04')), 'office');
    assert.equal(kind(new Uint8Array(0)), 'empty');
    assert.equal(kind(bytes('%PDF-1.4'), 'x.pdf', 51 * 1024 * 1024), 'large');
    assert.equal(kind(bytes('hello'), 'note.txt'), 'unknown');
});

test('no beginning of a file hangs or throws', () => {
    for (let i = 0; i < 2000; i++) {
        const noise = Uint8Array.from({ length: i % 300 }, (_, n) => (i * 31 + n * 17) & 255);
        if (noise.length > 3) noise.set([0xff, 0xd8, 0xff], 0);
        pixelsOf(noise);
        kindOfFile(noise, 'x.dcm', noise.length);
    }
});

test('a recording moves from WebM to Ogg packet by packet', () => {
    const vint = (n) => [0x40 | (n >> 8), n & 255];
    const element = (id, body) => [...id, ...vint(body.length), ...body];
    const head = [...bytes('OpusHead', [1, 1, 56, 1, 0x80, 0xbb, 0, 0, 0, 0, 0])];
    const packets = Array.from({ length: 120 }, (_, i) => [0x78 | 0, ...Array(100 + i * 3).fill(i)]);
    const cluster = packets.flatMap((p) => element([0xa3], [0x81, 0, 0, 0x80, ...p]));
    const webm = Uint8Array.from([...element([0x1a, 0x45, 0xdf, 0xa3], [1]), 0x18, 0x53, 0x80, 0x67, 0x01, 255, 255, 255, 255, 255, 255, 255,
        ...element([0x16, 0x54, 0xae, 0x6b], element([0xae], element([0x63, 0xa2], head))), 0x1f, 0x43, 0xb6, 0x75, 0x01, 255, 255, 255, 255, 255, 255, 255, ...cluster]);
    const ogg = oggOfWebm(webm);
    assert.equal(String.fromCharCode(...ogg.subarray(28, 36)), 'OpusHead');
    const found = [];
    let granule = 0;
    for (let at = 0; at < ogg.length;) {
        assert.equal(String.fromCharCode(...ogg.subarray(at, at + 4)), 'OggS');
        const lacing = ogg.subarray(at + 27, at + 27 + ogg[at + 26]);
        granule = new DataView(ogg.buffer, at + 6, 4).getUint32(0, true);
        at += 27 + ogg[at + 26];
        let length = 0;
        for (const l of lacing) { length += l; if (l < 255) { found.push(ogg.subarray(at, at + length)); at += length; length = 0; } }
    }
    assert.deepEqual(found.slice(2).map((p) => [...p]), packets);
    assert.equal(granule, packets.length * samplesOf(Uint8Array.from(packets[0])));
    const cut = oggOfWebm(webm.subarray(0, webm.length - 50)); // a page that was closed: the last packet is not whole
    assert.ok(cut.length < ogg.length && cut.length > ogg.length - 700);
    assert.throws(() => oggOfWebm(new Uint8Array(10)));
    assert.throws(() => oggOfWebm(webm.subarray(0, 20)));
});

// ---- the request ----

const { EMPTY, OWN_CONSENT_AGE, missingOf, wireOf, fieldsOf, stepFor, stepsOf, vitalsOf, vitalWrong, VITALS } = await load('village/request.ts');
const draft = (fields, more = {}) => ({ id: 'd', fields: { ...EMPTY, ...fields }, vitals: {}, files: [], step: 'who', changedAt: 0, dirty: true, ...more });

test('an empty request sends nothing but its kind and urgency', () => {
    assert.deepEqual(wireOf(draft({})), { kind: 'live', urgency: 'routine' });
});

test('what was typed is sent without what the wire refuses', () => {
    const wire = wireOf(draft({ name: ' 演示\u202e患者 ', age: '62', sex: 'male', complaint: '胸闷\r\n两小时\u0000', panelId: 'pan_1', specialty: 'cardiology', location: '村口', times: ['', '2026-12-01T09:30'] }));
    assert.deepEqual(wire.patient, { name: '演示患者', sex: 'male', ageYears: 62 });
    assert.equal(wire.complaint, '胸闷\n两小时');
    assert.equal(wire.panelId, 'pan_1');
    assert.equal(wire.specialty, undefined);
    assert.equal(wire.location, undefined); // of emergencies only
    assert.equal(wire.candidateTimes.length, 1);
    assert.equal(Date.parse(wire.candidateTimes[0].end) - Date.parse(wire.candidateTimes[0].start), 30 * 60_000);
});

test('a wire request becomes fields and the same request again', () => {
    const wire = { kind: 'mdt', urgency: 'urgent', panelId: 'p', panelIds: ['q'], patient: { name: '演示患者', sex: 'female', ageYears: 0 }, complaint: 'a', purpose: 'b', history: 'c', results: 'd', diagnosis: 'e', treatment: 'f', allergy: 'g', candidateTimes: [{ start: '2026-12-01T01:30:00.000Z', end: '2026-12-01T02:00:00.000Z' }], consent: { share: true, recording: true, teaching: false, signer: '演示患者', relation: 'self' } };
    assert.deepEqual(wireOf(draft(fieldsOf(wire))), wire);
});

test('what is missing is what the kind needs, and each has its screen', () => {
    assert.deepEqual(missingOf(draft({ kind: 'emergency' })), ['panelId']);
    assert.deepEqual(missingOf(draft({ kind: 'guidance', complaint: 'x', specialty: 'cardiology', share: true, signer: 'y' }, { signature: {} })), []);
    assert.ok(missingOf(draft({ kind: 'mdt' })).includes('candidateTimes'));
    assert.deepEqual(missingOf(draft({ age: '200' })).filter((m) => m === 'patient.ageYears'), ['patient.ageYears']);
    assert.deepEqual(missingOf(draft({}, { dirty: false, missing: ['purpose'] })), ['purpose']); // the server's word counts
    for (const kind of ['live', 'guidance', 'reading', 'mdt', 'joint_clinic'])
        for (const name of missingOf(draft({ kind }))) assert.ok(stepsOf(kind).includes(stepFor(name)), `${kind}: ${name}`);
});

test('nothing is consented to without something that shows it', () => {
    const said = { kind: 'guidance', complaint: 'x', specialty: 'cardiology', share: true, signer: 'y', textVersion: '2026-2', language: 'zh-CN' };
    const asks = (fields, more) => missingOf(draft({ ...said, ...fields }, more));
    assert.deepEqual(asks({}), ['consent.signature']);
    assert.deepEqual(asks({}, { dirty: false, missing: [] }), ['consent.signature'], 'the server can not know it');
    assert.deepEqual(asks({ how: 'written' }, { signature: {} }), ['consent.signature'], 'a photo of the paper');
    assert.deepEqual(asks({ how: 'written' }, { paper: [{}] }), []);
    assert.deepEqual(asks({ how: 'voice' }, { paper: [{}] }), ['consent.witness']);
    assert.deepEqual(asks({ how: 'voice', witness: 'z' }, { paper: [{}] }), []);
    assert.deepEqual(asks({ given: ['share'] }), [], 'in force already');
    assert.deepEqual(asks({ given: ['share'], recording: true }), ['consent.signature'], 'a new purpose');
    assert.deepEqual(asks({ age: String(OWN_CONSENT_AGE - 1) }, { signature: {} }), ['consent.relation'], 'a guardian signs');
    assert.deepEqual(asks({ age: String(OWN_CONSENT_AGE) }, { signature: {} }), []);
    assert.equal(wireOf(draft(said)).consent.how, undefined);
    assert.equal(wireOf(draft(said, { signature: {} })).consent.how, 'electronic');
    assert.deepEqual(asks({ kind: 'emergency', panelId: 'p' }), [], 'it waits for nothing');
    assert.equal(wireOf(draft({ ...said, kind: 'emergency' })).consent, undefined, 'and owes what nobody signed');
});

test('the age of own consent is one, wherever it is said', () => {
    const root = new URL('../../../', import.meta.url);
    const text = (file) => readFileSync(new URL(file, root), 'utf8');
    assert.equal(Number(/#define CONSENT_OWN_AGE (\d+)/.exec(text('signaling/consent/consent.h'))[1]), OWN_CONSENT_AGE);
    assert.match(text('docs/protocol/consent.md'), new RegExp(`A child\\*\\* \\(below ${OWN_CONSENT_AGE}`));
});

test('times that are over hold a request back, where times are asked for', () => {
    const past = { times: ['2020-01-01T09:00'] };
    assert.ok(missingOf(draft(past)).includes('candidateTimes.past'));
    assert.ok(!missingOf(draft({ ...past, kind: 'guidance' })).includes('candidateTimes.past'));
    assert.equal(wireOf(draft({ ...past, kind: 'emergency' })).candidateTimes, undefined, 'an emergency is not refused for them');
    assert.ok(missingOf(draft({}, { missing: ['candidateTimes'] })).includes('candidateTimes'), 'what the agreement asks for stays asked for while typing');
});

test('vitals that a slip would make impossible are not sent', () => {
    const [systolic] = VITALS;
    assert.equal(vitalWrong(systolic, '1680'), true);
    assert.equal(vitalWrong(systolic, ''), false);
    assert.deepEqual(vitalsOf({ systolic: '168', diastolic: '9500', heart_rate: 'x', temperature: '38.5' }), [{ code: 'systolic', unit: 'mm[Hg]', value: 168 }, { code: 'temperature', unit: 'Cel', value: 38.5 }]);
});

test('no two files of a case share a name, for a preview is found by it', () => {
    assert.equal(uniqueName('image.jpg', []), 'image.jpg');
    assert.equal(uniqueName('image.jpg', ['image.jpg', 'image-preview.jpg', 'IMAGE-2.png']), 'image-3.jpg');
    assert.equal(uniqueName('image-preview.jpg', ['image.jpg']), 'image-preview-2.jpg'); // as a photo itself may be called
    assert.equal(timedName('image.jpg', new Date(2026, 10, 22, 9, 5, 7)), 'image-20261122-090507.jpg');
    assert.equal(timedName('scan', new Date(2026, 10, 22, 9, 5, 7)), 'scan-20261122-090507');
    const long = uniqueName(`${'照'.repeat(90)}.jpg`, []);
    const second = uniqueName(`${'照'.repeat(90)}.jpg`, [long]);
    assert.notEqual(stem(long), stem(second));
    for (const name of [long, second]) assert.ok(new TextEncoder().encode(name.replace('.jpg', '-preview.jpg')).length <= 200, 'the wire cuts neither it nor its preview');
});
