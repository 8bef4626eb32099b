// SPDX-License-Identifier: Apache-2.0
// ECG files: samples against what dcmdump prints and numpy reads of the same files, formats against one another, and
// what is cut, wrong or hostile.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled, material } from './support.mjs';

const { parseEcg } = await bundled('viewers/ecg/parse.ts');
const { headerOf } = await bundled('viewers/ecg/wfdb.ts');
const { parseXml } = await bundled('viewers/ecg/xml.ts');
const { decode, DEFAULT, readTables } = await bundled('viewers/ecg/huffman.ts');

const header = new TextDecoder().decode(material('100s.hea'));
const dicom = parseEcg(material('ecg_12lead_500hz.dcm'));
const lead = (ecg, name) => ecg.leads.find((l) => l.name === name).samples;
const refusal = (code) => (error) => error.name === 'Unshowable' && error.code === code;

// from dcmdump +L +P 5400,1010, times 2.5 µV
const NAMES = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
const AT = {
    0: [-5, -17.5, -12.5, 10, 2.5, -15, 107.5, 137.5, 100, 70, 57.5, -22.5],
    1: [-5, -17.5, -12.5, 10, 2.5, -15, 107.5, 132.5, 100, 70, 57.5, -17.5],
    2499: [-27.5, -5, 22.5, 15, -25, 7.5, 47.5, 47.5, 45, 25, -20, -52.5],
    4999: [-32.5, -17.5, 15, 25, -22.5, 0, 27.5, 20, 32.5, 15, -50, -37.5],
};
const LEAST = [-305, -667.5, -907.5, -255, -315, -775, -1465, -1927.5, -1630, -887.5, -467.5, -310];
const SUM = [-12302.5, -10210, 2092.5, 11080, -6802.5, -3925, -5747.5, -6620, -7797.5, -6247.5, -7522.5, -4405];

test('DICOM waveform has the microvolts that dcmdump prints', () => {
    assert.equal(dicom.rateHz, 500);
    assert.deepEqual(dicom.leads.map((l) => l.name), NAMES);
    for (const [at, values] of Object.entries(AT)) assert.deepEqual(NAMES.map((n) => lead(dicom, n)[at]), values);
    NAMES.forEach((n, i) => {
        assert.equal(Math.min(...lead(dicom, n)), LEAST[i]);
        assert.equal(lead(dicom, n).reduce((a, b) => a + b, 0), SUM[i]);
    });
});

test('SCP-ECG (Huffman, second differences) equals the DICOM sample for sample', () => {
    const scp = parseEcg(material('example.scp'));
    assert.equal(scp.rateHz, 500);
    assert.equal(scp.startedAt, '2002-11-22T09:10:00');
    for (const n of NAMES) assert.deepEqual(lead(scp, n), lead(dicom, n), n);
});

test('annotated ECG equals the first two seconds of the DICOM', () => {
    const aecg = parseEcg(material('aecg_example_2s.xml'));
    assert.equal(aecg.rateHz, 500);
    for (const n of NAMES) assert.deepEqual(lead(aecg, n), lead(dicom, n).slice(0, 1000), n);
});

test('WFDB format 212 has the microvolts that numpy reads', () => {
    const ecg = parseEcg(material('100s.dat'), header);
    const ml = lead(ecg, 'MLII');
    assert.deepEqual([ecg.rateHz, ml.length], [360, 60000]);
    assert.deepEqual([0, 359, 30000, 59999].map((i) => ml[i]), [-145, -510, -295, -375]);
    assert.deepEqual([0, 359, 30000, 59999].map((i) => lead(ecg, 'V5')[i]), [-65, -305, -300, -350]);
    assert.equal(ml.reduce((a, b) => a + b, 0), -19491900);
});

test('EDF equals WFDB of the same record within its rounding', () => {
    const [edf, wfdb] = [parseEcg(material('100_first_minute.edf')), parseEcg(material('100s.dat'), header)];
    assert.equal(edf.startedAt, undefined); // its date was taken away
    for (const n of ['MLII', 'V5']) lead(edf, n).forEach((v, i) => assert.ok(Math.abs(v - lead(wfdb, n)[i]) < 0.01, `${n} ${i}`));
});

test('WFDB format 16 and 80, gains, baselines and missing samples', () => {
    const bytes = new Uint8Array(new Int16Array([100, -32768, 300, 50]).buffer);
    const ecg = parseEcg(bytes, 'r 2 250 2\nr.dat 16 100(50)/mV 16 0 0 0 0 I\nr.dat 16 1/uV 16 0 0 0 0 II');
    assert.equal(lead(ecg, 'I')[0], 500);
    assert.ok(Number.isNaN(lead(ecg, 'II')[0]));
    assert.equal(lead(ecg, 'I')[1], 2500);
    assert.deepEqual([...lead(parseEcg(new Uint8Array([128, 129, 127]), 'r 1 100 3\nr.dat 80 1/uV 8 0 0 0 0 V1'), 'V1')], [0, 1, -1]);
    assert.throws(() => parseEcg(bytes, 'r/3 2 250 2'), refusal('codec'));
    assert.throws(() => parseEcg(bytes, 'r 1 250 2\nr.dat 310 100 16 0 0 0 0 I'), refusal('codec'));
    assert.throws(() => parseEcg(bytes, 'nothing'), refusal('damaged'));
});

test('a WFDB signal is read by its own header or by none', async () => {
    const texts = { foreign: header.replaceAll('100s', '101s').replaceAll('200', '400'), own: header };
    const found = (name, headers, linked) => headerOf({ name, header: linked, headers }, async (id) => texts[id]);
    for (const name of ['100s.dat', '100S.DAT']) assert.equal(await found(name, ['foreign', 'own']), header);
    for (const name of ['100s.dat', '100s', '', '2', '0s.dat']) await assert.rejects(found(name, ['foreign']), refusal('header_other'), name);
    assert.equal(await found('renamed.dat', [], 'own'), header, 'sent with it');
    assert.equal(await found('ecg.xml', []), undefined);
    const two = 'r 2 250 2\na.dat 80 1/uV 8 0 0 0 0 I\nb.dat 80 2/uV 8 0 0 0 0 II';
    const second = parseEcg(new Uint8Array([130, 132]), two, 'b.dat');
    assert.deepEqual(second.leads.map((l) => [l.name, ...l.samples]), [['II', 1, 2]], 'the lead and the gain of this file');
});

test('default Huffman table and tables of a file', () => {
    // 0 | 1 | -1 | 2 | 16-bit -300, by hand: 0 100 101 1100 1111111111 1111111011010100
    const bits = '01001011100' + '1111111111' + '1111111011010100';
    const bytes = Uint8Array.from(bits.padEnd(40, '0').match(/.{8}/g), (b) => parseInt(b, 2));
    assert.deepEqual([...decode(bytes, [DEFAULT], 5)], [0, 1, -1, 2, -300]);
    // one table: "0" -> 7, "10" -> 8 bits follow; codes are stored with the first bit lowest
    const table = new DataView(new ArrayBuffer(4 + 18));
    table.setUint16(0, 1, true); table.setUint16(2, 2, true);
    [[1, 1, 1, 7, 0], [2, 10, 1, 0, 1]].forEach(([prefix, whole, mode, base, code], i) => {
        const at = 4 + 9 * i;
        table.setUint8(at, prefix); table.setUint8(at + 1, whole); table.setUint8(at + 2, mode); table.setInt16(at + 3, base, true); table.setUint32(at + 5, code, true);
    });
    assert.deepEqual([...decode(Uint8Array.from([0b01011111, 0b11100000]), readTables(table), 3)], [7, -1, 7]);
});

test('what is cut says so, and shows what is there where it can', () => {
    const dat = parseEcg(material('100s.dat').subarray(0, 3000), header);
    assert.deepEqual([dat.warnings, lead(dat, 'V5').length], [['cut_short'], 1000]);
    const edf = parseEcg(material('100_first_minute.edf').subarray(0, 20000));
    assert.deepEqual(edf.warnings, ['cut_short']);
    assert.throws(() => parseEcg(material('ecg_12lead_500hz.dcm').subarray(0, 60000)), (e) => e.name === 'Unshowable');
    assert.throws(() => parseEcg(material('aecg_example_2s.xml').subarray(0, 50000)), refusal('cut_short'));
    assert.ok(parseEcg(material('example.scp').subarray(0, 30000)).warnings.includes('cut_short'));
});

test('any cut of any file ends in an ECG or a refusal, never in another error', () => {
    for (const name of ['example.scp', 'ecg_12lead_500hz.dcm', 'aecg_example_2s.xml', '100_first_minute.edf', 'ct_small_128.dcm']) {
        const bytes = material(name);
        for (let n = 0; n < 40; n++) {
            const cut = bytes.slice(0, Math.floor((bytes.length * n) / 40));
            for (let k = 0; k < n; k++) cut[(k * 7919 * (n + 1)) % Math.max(1, Math.min(cut.length, 4096))] ^= 1 << (k % 8);
            try {
                parseEcg(cut);
            } catch (error) {
                assert.equal(error.name, 'Unshowable', `${name} ${n}: ${error.stack}`);
            }
        }
    }
});

test('XML: no document types, no depth, entities only the five', () => {
    assert.throws(() => parseXml('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), refusal('unreadable'));
    assert.throws(() => parseXml('<a>'.repeat(100)), refusal('damaged'));
    const node = parseXml('<x:a n="1 &amp; 2"><!-- > --><b>&#65;&lt;<![CDATA[<c>]]></b></x:a>');
    assert.deepEqual([node.name, node.attributes.n, node.children[0].text], ['a', '1 & 2', 'A<<c>']);
});
