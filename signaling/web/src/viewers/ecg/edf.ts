// SPDX-License-Identifier: Apache-2.0
// European Data Format and EDF+ (edfplus.info): signals in volts of the highest rate. Annotations and other quantities
// (breathing, temperature) are left out and said so.
import { Unshowable } from '../unshowable';
import { bounded, checked, leadByName, microvolts, MOST_LEADS, MOST_SAMPLES, type Ecg, type Lead } from './model';

const FIXED = 256; // header of the file; each signal adds as much
const FIELDS = { label: [0, 16], unit: [96, 8], physicalMin: [104, 8], physicalMax: [112, 8], digitalMin: [120, 8], digitalMax: [128, 8], filter: [136, 80], samples: [216, 8] } as const;

interface Signal { label: string; factor: number | undefined; gain: number; offset: number; perRecord: number; at: number; filter: string }

function signalsOf(text: (from: number, length: number) => string, count: number): Signal[] {
    let at = 0;
    const field = (name: keyof typeof FIELDS, i: number): string => {
        const [before, length] = FIELDS[name];
        return text(FIXED + before * count + i * length, length).trim();
    };
    return Array.from({ length: count }, (_, i) => {
        const [pMin, pMax, dMin, dMax] = [Number(field('physicalMin', i)), Number(field('physicalMax', i)), Number(field('digitalMin', i)), Number(field('digitalMax', i))];
        const gain = (pMax - pMin) / (dMax - dMin);
        const signal: Signal = { label: field('label', i), factor: Number.isFinite(gain) && gain !== 0 ? microvolts(field('unit', i)) : undefined, gain, offset: pMin - dMin * gain, perRecord: bounded(Number(field('samples', i)), 0, 1e7, 'samples'), at, filter: field('filter', i) };
        at += signal.perRecord * 2;
        return signal;
    });
}

function startOf(date: string, time: string): string | undefined {
    const d = /^(\d\d)\.(\d\d)\.(\d\d)$/.exec(date);
    const t = /^(\d\d)\.(\d\d)\.(\d\d)$/.exec(time);
    if (!d || !t || date === '01.01.85') return undefined; // the date of files whose date was taken away
    const year = Number(d[3]) >= 85 ? 1900 + Number(d[3]) : 2000 + Number(d[3]); // "clipping date" of the format
    return `${year}-${d[2]}-${d[1]}T${t[1]}:${t[2]}:${t[3]}`;
}

export function parseEdf(bytes: Uint8Array): Ecg {
    if (bytes.length < FIXED * 2) throw new Unshowable('cut_short');
    const text = (from: number, length: number): string => String.fromCharCode(...bytes.subarray(from, from + length));
    const count = bounded(Number(text(252, 4)), 1, 512, 'signals');
    const header = FIXED * (count + 1);
    if (bytes.length < header) throw new Unshowable('cut_short');
    const seconds = bounded(Number(text(244, 8)), 0, 86_400, 'duration');
    const signals = signalsOf(text, count);
    const recordBytes = signals.reduce((sum, s) => sum + s.perRecord * 2, 0);
    if (recordBytes === 0 || seconds === 0) throw new Unshowable('no_signal');
    const said = Number(text(236, 8)); // -1: not known
    const here = Math.floor((bytes.length - header) / recordBytes);
    const records = said > 0 ? Math.min(said, here) : here;
    const voltages = signals.filter((s) => s.factor !== undefined && s.label !== 'EDF Annotations' && s.perRecord > 0);
    const most = Math.max(0, ...voltages.map((s) => s.perRecord));
    const chosen = voltages.filter((s) => s.perRecord === most).slice(0, MOST_LEADS);
    if (most * records * chosen.length > MOST_SAMPLES) throw new Unshowable('too_large', `${most * records}`);
    const ecg: Ecg = { leads: chosen.map((s) => leadOf(bytes, s, header, recordBytes, records)), rateHz: most / seconds, warnings: [] };
    if (said > here) ecg.warnings.push('cut_short');
    if (chosen.length < signals.filter((s) => s.label !== 'EDF Annotations').length) ecg.warnings.push('other_rate');
    const began = startOf(text(168, 8), text(176, 8));
    if (began) ecg.startedAt = began;
    if (chosen[0]?.filter) ecg.deviceFilter = chosen[0].filter;
    return checked(ecg);
}

function leadOf(bytes: Uint8Array, s: Signal, header: number, recordBytes: number, records: number): Lead {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const samples = new Float32Array(s.perRecord * records);
    const gain = s.gain * s.factor!;
    const offset = s.offset * s.factor!;
    for (let r = 0, n = 0; r < records; r++) {
        const at = header + r * recordBytes + s.at;
        for (let i = 0; i < s.perRecord; i++) samples[n++] = view.getInt16(at + 2 * i, true) * gain + offset;
    }
    return { name: leadByName(s.label), samples };
}
