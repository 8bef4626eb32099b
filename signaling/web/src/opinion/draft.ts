// SPDX-License-Identifier: Apache-2.0
// A draft of an opinion as it is typed, and what becomes of it on its way: cleaned, compared, checked, merged with what
// the server holds. Pure; knows no page, no network, no clock.
import { TEXTS, type Code, type OpinionText, type TextField } from './document';

export interface Draft extends Record<TextField, string> {
    diagnosisCodes: Code[];
    reducedQuality: boolean; // stated, or not stated: nothing is signed that nobody said
    followUpDays: number | null; // null: not stated
    criticalReported: string;
}
export type DraftField = keyof Draft;

const LIMITS: Record<TextField | 'criticalReported', number> = { findings: 4000, diagnosis: 4000, plan: 4000, advice: 4000, referral: 4000, limits: 4000, criticalReported: 1000 };
export const CODES_MAX = 20;
export const FOLLOW_UP_MAX = 3650;
const CODE = /^[A-Za-z0-9.+*/-]{1,40}$/;
export const FIELDS: DraftField[] = [...TEXTS, 'diagnosisCodes', 'reducedQuality', 'followUpDays', 'criticalReported'];

export function emptyDraft(): Draft {
    return { findings: '', diagnosis: '', plan: '', advice: '', referral: '', limits: '', diagnosisCodes: [], reducedQuality: false, followUpDays: null, criticalReported: '' };
}

export function fromText(text: Partial<OpinionText>): Draft {
    const draft = emptyDraft();
    for (const field of TEXTS) draft[field] = text[field] ?? '';
    draft.diagnosisCodes = (text.diagnosisCodes ?? []).map((c) => ({ ...c }));
    draft.reducedQuality = text.reducedQuality ?? false;
    draft.followUpDays = text.followUpDays ?? null;
    draft.criticalReported = text.criticalReported ?? '';
    return draft;
}

/** Line ends of one kind; characters that the server refuses (control, turning the reading direction) go. */
export function clean(text: string): string {
    return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '');
}

/** As it goes over the wire: what was not stated is left out (a text that is left out becomes empty). */
export function toWire(draft: Draft): Partial<OpinionText> {
    const out: Partial<OpinionText> = {};
    for (const field of TEXTS) {
        const text = clean(draft[field]).trimEnd();
        if (text.trim()) out[field] = text;
    }
    if (draft.diagnosisCodes.length) out.diagnosisCodes = draft.diagnosisCodes.map(({ system, code, name }) => ({ system, code, ...(name ? { name: clean(name) } : {}) }));
    if (draft.reducedQuality) out.reducedQuality = true;
    if (draft.followUpDays !== null) out.followUpDays = draft.followUpDays;
    const critical = clean(draft.criticalReported).trim();
    if (critical) out.criticalReported = critical;
    return out;
}

function sameField(a: Draft, b: Draft, field: DraftField): boolean {
    return JSON.stringify(a[field]) === JSON.stringify(b[field]);
}

/** Do they say the same, as the server would keep them? */
export function same(a: Draft, b: Draft): boolean {
    return JSON.stringify(toWire(a)) === JSON.stringify(toWire(b));
}

export function isEmpty(draft: Draft): boolean {
    return same(draft, emptyDraft());
}

export type Problem = { field: DraftField; what: 'too_long' | 'bad_code' | 'too_many' | 'bad_days'; max: number };

/** What the server would refuse, before it is sent. */
export function problemsOf(draft: Draft): Problem[] {
    const found: Problem[] = [];
    const points = (text: string): number => [...clean(text)].length;
    for (const field of [...TEXTS, 'criticalReported'] as const)
        if (points(draft[field]) > LIMITS[field]) found.push({ field, what: 'too_long', max: LIMITS[field] });
    if (draft.diagnosisCodes.length > CODES_MAX) found.push({ field: 'diagnosisCodes', what: 'too_many', max: CODES_MAX });
    if (draft.diagnosisCodes.some((c) => !CODE.test(c.code))) found.push({ field: 'diagnosisCodes', what: 'bad_code', max: 40 });
    const days = draft.followUpDays;
    if (days !== null && !(Number.isInteger(days) && days >= 0 && days <= FOLLOW_UP_MAX)) found.push({ field: 'followUpDays', what: 'bad_days', max: FOLLOW_UP_MAX });
    return found;
}

/** What a good opinion has and this one leaves out; asked about, never forced. */
export function omissionsOf(draft: Draft): TextField[] {
    return (['findings', 'diagnosis', 'plan', 'advice'] as const).filter((field) => !draft[field].trim());
}

export interface Merged {
    draft: Draft;
    conflicts: DraftField[]; // changed on both sides, differently; `draft` has mine
}

/**
 * Three ways: `base` is what the server held when this page last knew, `mine` what was typed here since, `theirs` what
 * it holds now (written on another machine, say).
 */
export function merge(base: Draft, mine: Draft, theirs: Draft): Merged {
    const draft = { ...mine };
    const conflicts: DraftField[] = [];
    for (const field of FIELDS) {
        if (sameField(mine, theirs, field) || sameField(theirs, base, field)) continue; // mine stands
        if (sameField(mine, base, field)) take(draft, theirs, field);
        else conflicts.push(field);
    }
    return { draft, conflicts };
}

/** `to` gets `field` of `from`. */
export function take<F extends DraftField>(to: Draft, from: Draft, field: F): void {
    to[field] = from[field];
}

/** A code typed by hand: upper case, without blanks; null where it is none. */
export function readCode(typed: string): string | null {
    const code = typed.trim().toUpperCase().replace(/\s+/g, '');
    return CODE.test(code) ? code : null;
}
