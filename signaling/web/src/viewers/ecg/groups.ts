// SPDX-License-Identifier: Apache-2.0
// Multiplex groups of a DICOM waveform: parts of one acquisition are brought together by their time offsets, so that
// four groups of three leads are one ECG of twelve. What can't be brought together stands beside it, to be chosen.
import { MOST_LEADS, MOST_SAMPLES, type Ecg, type Lead } from './model';

export interface Group {
    leads: Lead[]; // all of one length
    rateHz: number;
    startMs: number | undefined; // since the acquisition began; not known of many files
    derived: boolean; // median beats and the like
    title: string;
    filter: string | undefined;
    warnings: Ecg['warnings'];
}

const GAP_MS = 1000; // farther apart is another acquisition
const SAME_UV = 5; // one step of a usual device
const RHYTHM_S = 2; // a beat is shorter

const samplesOf = (g: Group): number => g.leads[0]!.samples.length;
const secondsOf = (g: Group): number => samplesOf(g) / g.rateHz;
const both = (a: string | undefined, b: string | undefined, by: string): string => [...new Set([a, b])].filter(Boolean).join(by);

/** The first is what a reader wants to see first. */
export function merged(groups: Group[]): Group[] {
    const out: Group[] = [];
    for (const group of groups) {
        const together = out.map((g) => joined(g, group));
        const found = together.findIndex((g) => g !== null);
        if (found < 0) out.push(group);
        else out[found] = together[found]!;
    }
    const rank = (g: Group): number[] => [g.derived ? 0 : 1, secondsOf(g) >= RHYTHM_S ? 1 : 0, g.leads.length, secondsOf(g)];
    return out.sort((a, b) => rank(b).map((v, i) => v - rank(a)[i]!).find((d) => d !== 0) ?? 0);
}

/** Both on one line of time; null: they are no parts of one acquisition, or contradict each other. */
function joined(a: Group, b: Group): Group | null {
    if (a.derived || b.derived || a.rateHz !== b.rateHz || a.startMs === undefined || b.startMs === undefined) return null;
    const endMs = (g: Group): number => g.startMs! + secondsOf(g) * 1000;
    if (b.startMs > endMs(a) + GAP_MS || a.startMs > endMs(b) + GAP_MS) return null;
    const startMs = Math.min(a.startMs, b.startMs);
    const shift = (g: Group): number => Math.round(((g.startMs! - startMs) * g.rateHz) / 1000);
    const length = Math.max(shift(a) + samplesOf(a), shift(b) + samplesOf(b));
    const names = new Set([...a.leads, ...b.leads].map((l) => l.name));
    if (names.size > MOST_LEADS || names.size * length > MOST_SAMPLES) return null;
    const leads = new Map([...names].map((name) => [name, new Float32Array(length).fill(NaN)]));
    for (const group of [a, b]) for (const lead of group.leads) if (!laid(leads.get(lead.name)!, lead.samples, shift(group))) return null;
    return { ...a, startMs, leads: [...leads].map(([name, samples]) => ({ name, samples })), title: both(a.title, b.title, ' + '), filter: both(a.filter, b.filter, ' / ') || undefined, warnings: [...new Set([...a.warnings, ...b.warnings])] };
}

/** Samples at their place; false: something else is there. */
function laid(onto: Float32Array, samples: Float32Array, at: number): boolean {
    for (let i = 0; i < samples.length; i++) {
        if (Math.abs(onto[at + i]! - samples[i]!) > SAME_UV) return false; // never true where there is nothing (NaN)
        onto[at + i] = samples[i]!;
    }
    return true;
}
