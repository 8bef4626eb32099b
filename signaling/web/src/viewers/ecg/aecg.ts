// SPDX-License-Identifier: Apache-2.0
// HL7 v3 annotated ECG (PORT_MT020001): the first rhythm series. Annotations and derived beats are left alone.
import { Unshowable } from '../unshowable';
import { bounded, checked, leadByName, microvolts, MOST_LEADS, MOST_SAMPLES, type Ecg, type Lead } from './model';
import { child, childrenOf, parseXml, textOf, type Node } from './xml';

const value = (node: Node | undefined, ...path: string[]): string => child(node, ...path)?.attributes['value'] ?? '';

/** Seconds between samples, from the sequence of times. */
function rateOf(sequences: Node[]): number {
    const times = sequences.find((s) => (child(s, 'code')?.attributes['code'] ?? '').startsWith('TIME_'));
    const step = child(times, 'value', 'increment');
    const factor = ({ s: 1, ms: 1e-3, us: 1e-6 } as Record<string, number>)[step?.attributes['unit'] ?? ''];
    const seconds = Number(step?.attributes['value']) * (factor ?? NaN);
    return bounded(1 / seconds, 1, 100_000, 'rate');
}

function digits(text: string): Float32Array {
    const parts = text.trim().split(/\s+/);
    if (parts.length > MOST_SAMPLES) throw new Unshowable('too_large', `${parts.length}`);
    const out = new Float32Array(parts.length);
    for (let i = 0; i < parts.length; i++) out[i] = Number(parts[i]); // NaN where it is not a number
    return out;
}

function leadOf(sequence: Node): Lead | null {
    const code = child(sequence, 'code')?.attributes['code'] ?? '';
    const data = child(sequence, 'value');
    const list = child(data, 'digits');
    const factor = microvolts(child(data, 'scale')?.attributes['unit'] ?? '');
    if (!list || code.startsWith('TIME_') || factor === undefined) return null;
    const scale = bounded(Number(value(data, 'scale')), -1e6, 1e6, 'scale') * factor;
    const origin = Number(value(data, 'origin') || 0) * (microvolts(child(data, 'origin')?.attributes['unit'] ?? '') ?? factor);
    const samples = digits(list.text);
    for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! * scale + origin;
    return { name: leadByName(code), samples };
}

/** 20021122091000.000-0500 -> 2002-11-22T09:10:00 */
function moment(ts: string): string | undefined {
    const m = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?/.exec(ts);
    return m ? `${m[1]}-${m[2]}-${m[3]}T${m[4]}:${m[5]}:${m[6] ?? '00'}` : undefined;
}

export function parseAecg(bytes: Uint8Array): Ecg {
    const root = parseXml(textOf(bytes));
    if (root.name !== 'AnnotatedECG') throw new Unshowable('unreadable');
    for (const series of childrenOf(root, 'component', 'series')) {
        for (const set of childrenOf(series, 'component', 'sequenceSet')) {
            const sequences = childrenOf(set, 'component', 'sequence');
            const leads = sequences.map(leadOf).filter((l): l is Lead => l !== null).slice(0, MOST_LEADS);
            if (leads.length === 0) continue;
            const ecg: Ecg = { leads, rateHz: rateOf(sequences), warnings: [] };
            const began = moment(value(series, 'effectiveTime', 'low'));
            if (began) ecg.startedAt = began;
            return checked(ecg);
        }
    }
    throw new Unshowable('no_signal');
}
