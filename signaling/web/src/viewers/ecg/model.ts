// SPDX-License-Identifier: Apache-2.0
// One model of an ECG, whatever file it came in: leads in microvolts at one rate. Holds no identity: who it is stays
// in the file.
import { Unshowable } from '../unshowable';

export interface Lead {
    name: string; // as the field writes it: I, aVR, V1, MLII
    samples: Float32Array; // µV; NaN where the device had nothing
}

export interface Ecg {
    leads: Lead[];
    rateHz: number;
    startedAt?: string; // device's clock, without zone: 2002-11-22T09:10:00
    /** What the device says it did to the signal. */
    deviceFilter?: string;
    /** 'cut_short': the end is missing; 'other_rate': leads of another rate or unit are left out. */
    warnings: ('cut_short' | 'other_rate')[];
    /** Of several recordings in one file: what it is called there, and those beside it. */
    title?: string;
    others?: Ecg[];
}

export const MOST_LEADS = 64;
export const MOST_SAMPLES = 64 << 20; // of all leads; a 24 h Holter of 3 leads at 200 Hz has 52 million
const LONGEST_NAME = 16;

export function lengthOf(ecg: Ecg): number {
    return ecg.leads.reduce((most, lead) => Math.max(most, lead.samples.length), 0);
}

/** A number out of a file: finite and in its bounds, or the file is damaged. */
export function bounded(value: number, least: number, most: number, what: string): number {
    if (!Number.isFinite(value) || value < least || value > most) throw new Unshowable('damaged', what);
    return value;
}

export function checked(ecg: Ecg): Ecg {
    if (ecg.leads.length === 0 || lengthOf(ecg) === 0) throw new Unshowable('no_signal');
    bounded(ecg.rateHz, 1, 100_000, 'rate');
    return ecg;
}

// SCP-ECG (EN 1064) table of leads; ISO/IEEE 11073-10101 ("MDC 2:n") uses the same numbers.
const BY_NUMBER: Record<number, string> = { 1: 'I', 2: 'II', 3: 'V1', 4: 'V2', 5: 'V3', 6: 'V4', 7: 'V5', 8: 'V6', 9: 'V7', 10: 'V2R', 11: 'V3R', 12: 'V4R', 13: 'V5R', 14: 'V6R', 15: 'V7R', 16: 'X', 17: 'Y', 18: 'Z', 61: 'III', 62: 'aVR', 63: 'aVL', 64: 'aVF', 65: '-aVR', 66: 'V8', 67: 'V9', 68: 'V8R', 69: 'V9R' };

export function leadByNumber(n: number): string {
    return BY_NUMBER[n] ?? `#${n}`;
}

const KNOWN = new Map(Object.values(BY_NUMBER).map((name) => [name.toUpperCase(), name]));

/** "Lead II", "ECG avr", "MDC_ECG_LEAD_V1" -> II, aVR, V1; what is not known stays as it is, short. */
export function leadByName(text: string): string {
    const bare = text.replace(/^MDC_ECG_LEAD_/, '').replace(/^(lead|ecg|ekg)\s+/i, '').replace(/\s*\(.*\)$/, '').trim();
    return KNOWN.get(bare.toUpperCase()) ?? bare.slice(0, LONGEST_NAME);
}

/** Factor to microvolts; undefined: not a voltage. */
export function microvolts(unit: string): number | undefined {
    const bare = unit.trim().replace(/^[\u00b5\u03bc]/, 'u');
    return ({ nV: 0.001, uV: 1, UV: 1, mV: 1000, MV: 1000, V: 1e6 } as Record<string, number>)[bare];
}
