// SPDX-License-Identifier: Apache-2.0
// What a request should hold, by kind, and what of it is there. Pure. The gate is the server's; this is for the eyes of
// whoever approves, and also names what is useful and missing.
import type { Consultation } from '../wire/protocol';

export type Part = 'name' | 'sex' | 'age' | 'complaint' | 'purpose' | 'history' | 'results' | 'diagnosis' | 'treatment' | 'allergy' | 'times' | 'material' | 'consent';
type Kind = Consultation['kind'];

const PATIENT: Part[] = ['name', 'sex', 'age'];
const QUESTION: Part[] = ['complaint', 'purpose'];
const RECORD: Part[] = ['history', 'results', 'diagnosis', 'treatment', 'allergy'];

/** docs/protocol/signaling.md; the same table as signaling/consult/completeness.c. */
const NEEDED: Record<Kind, Part[]> = {
    live: [...PATIENT, ...QUESTION, 'consent'],
    emergency: [],
    guidance: ['complaint', 'consent'],
    reading: [...PATIENT, ...QUESTION, 'material', 'consent'],
    mdt: [...PATIENT, ...QUESTION, ...RECORD, 'times', 'consent'],
    joint_clinic: [...PATIENT, ...QUESTION, 'history', 'allergy', 'times', 'consent'],
};
const ALL: Part[] = [...PATIENT, ...QUESTION, ...RECORD, 'times', 'material', 'consent'];

export interface Known {
    materials: number | undefined; // undefined: not known yet
    consent: boolean | undefined;
}

export interface Looked {
    part: Part;
    there: boolean | undefined;
    needed: boolean;
}

function there(c: Consultation, part: Part, known: Known): boolean | undefined {
    switch (part) {
        case 'name': return Boolean(c.patient?.name);
        case 'sex': return Boolean(c.patient?.sex && c.patient.sex !== 'unknown');
        case 'age': return c.patient?.ageYears !== undefined;
        case 'times': return Boolean(c.candidateTimes?.length || c.slot);
        case 'material': return known.materials === undefined ? undefined : known.materials > 0;
        case 'consent': return known.consent;
        default: return Boolean(c[part]?.trim());
    }
}

/** Needed ones first; times only where they matter. */
export function lookThrough(c: Consultation, known: Known): Looked[] {
    const needed = NEEDED[c.kind];
    const looked = ALL.filter((part) => part !== 'times' || needed.includes('times')).map((part) => ({ part, there: there(c, part, known), needed: needed.includes(part) }));
    return [...looked.filter((l) => l.needed), ...looked.filter((l) => !l.needed)];
}

export function missing(looked: Looked[]): Part[] {
    return looked.filter((l) => l.there === false).map((l) => l.part);
}
