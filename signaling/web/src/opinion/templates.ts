// SPDX-License-Identifier: Apache-2.0
// Filling templates into a draft: {age}, {sex}, ... come from the case, "____" is left for the person. Nothing that is
// written is ever overwritten. Pure; the table is in builtin.ts.
import { TEXTS, type OpinionText, type TextField } from './document';
import type { Draft } from './draft';

export type TemplateText = Partial<Record<TextField, string>> & Pick<Partial<OpinionText>, 'followUpDays'>;

export interface Template {
    id: string;
    specialties: string[]; // ids of the directory; empty: for all
    name: string;
    text: TemplateText;
}

/** What of a case a template may ask for; no name, no number of a patient. */
export interface Facts { age: string; sex: string; complaint: string; results: string; diagnosis: string }

export const BLANK = '____';

/** An unknown or empty fact becomes a blank to be filled by hand. */
export function fillText(text: string, facts: Facts): string {
    return text.replace(/\{(\w+)\}/g, (all, name: string) => {
        if (!(name in facts)) return all;
        return facts[name as keyof Facts].trim() || BLANK;
    });
}

export function fill(text: TemplateText, facts: Facts): TemplateText {
    const out: TemplateText = text.followUpDays === undefined ? {} : { followUpDays: text.followUpDays };
    for (const field of TEXTS) if (text[field]) out[field] = fillText(text[field], facts);
    return out;
}

/** Below what is there already; a field that says it already stays as it is. */
export function apply(draft: Draft, filled: TemplateText): Draft {
    const out = { ...draft };
    for (const field of TEXTS) {
        const text = filled[field];
        if (!text || out[field].includes(text)) continue;
        out[field] = out[field].trim() ? `${out[field].trimEnd()}\n${text}` : text;
    }
    if (filled.followUpDays !== undefined && out.followUpDays === null) out.followUpDays = filled.followUpDays;
    return out;
}

/** Where the next blank is at or after `from`, going round; null: none left. */
export function nextBlank(text: string, from: number): { start: number; end: number } | null {
    const find = (at: number): { start: number; end: number } | null => {
        const start = text.indexOf(BLANK, at);
        if (start < 0) return null;
        let end = start;
        while (text[end] === '_') end++;
        return { start, end };
    };
    return find(from) ?? find(0);
}

/** Fields that still hold a blank. */
export function blanksIn(draft: Draft): TextField[] {
    return TEXTS.filter((field) => draft[field].includes(BLANK));
}

/** Of the specialty first, then what is for all, then the others. */
export function inOrder(templates: Template[], specialty: string | undefined): Template[] {
    const rank = (t: Template): number => (specialty && t.specialties.includes(specialty) ? 0 : t.specialties.length === 0 ? 1 : 2);
    return [...templates].sort((a, b) => rank(a) - rank(b));
}

/** Own templates from a file that somebody exported; null where it is none. */
export function readExport(json: string): Template[] | null {
    let data: unknown;
    try {
        data = JSON.parse(json);
    } catch {
        return null;
    }
    const rows = (data as { shanqiaoTemplates?: unknown })?.shanqiaoTemplates;
    if (!Array.isArray(rows) || rows.length > 200) return null;
    const read = rows.map(readOne);
    return read.every((t) => t !== null) ? (read as Template[]) : null;
}

function readOne(row: unknown): Template | null {
    const { id, name, specialties, text } = (row ?? {}) as Record<string, unknown>;
    if (typeof id !== 'string' || typeof name !== 'string' || !name || name.length > 80 || typeof text !== 'object' || !text) return null;
    const from = text as Record<string, unknown>;
    const out: TemplateText = {};
    for (const field of TEXTS) {
        const value = from[field];
        if (value === undefined) continue;
        if (typeof value !== 'string' || value.length > 4000) return null;
        out[field] = value;
    }
    if (Number.isInteger(from['followUpDays'])) out.followUpDays = from['followUpDays'] as number;
    const ids = Array.isArray(specialties) ? specialties.filter((s): s is string => typeof s === 'string') : [];
    return { id, name, specialties: ids, text: out };
}
