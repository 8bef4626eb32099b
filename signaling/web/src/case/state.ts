// SPDX-License-Identifier: Apache-2.0
// What a case's state means in words, for whoever looks at it. Pure: a consultation in, text out.
import type { Consultation } from '../wire/protocol';
import { common } from '../text/common';
import { words } from './text';

export type State = Consultation['state'];

/** Nobody acts on it any more. */
export const OVER: ReadonlySet<State> = new Set(['archived', 'cancelled', 'refused', 'expired', 'no_show']);
/** A call can be entered (a slot: from 15 minutes before it). */
export const CALLABLE: ReadonlySet<State> = new Set(['accepted', 'scheduled', 'ready', 'in_progress', 'interrupted']);
/** The opinion, or one, is there to be read. */
export const OPINION: ReadonlySet<State> = new Set(['delivered', 'acknowledged', 'follow_up_due', 'outcome_recorded', 'archived']);

/** A code of docs/protocol/signaling.md in words; what a person wrote as it is. */
const CODES = ['nobody_on_duty', 'no_answer', 'all_refused', 'not_started', 'abandoned', 'not_approved', 'not_triaged', 'not_scheduled', 'no_material', 'consent_withdrawn'] as const;

export function reasonWords(reason: string): string {
    const code = CODES.find((one) => one === reason);
    return code ? words(`reason.${code}`) : reason;
}

export function stateWords(c: Pick<Consultation, 'state'>): string {
    return common(`state.${c.state}`);
}

/** One sentence: what happens next and who is waited for. */
export function nextWords(c: Consultation): string {
    const waited = c.awaits?.[0];
    if (waited === 'schedule' && (c.state === 'triaged' || c.state === 'routed')) return words('next.invited');
    if (waited && c.state !== 'returned' && !OVER.has(c.state)) return words(`await.${waited}`);
    const name = c.specialist?.name ?? words('aSpecialist');
    if (c.kind === 'reading' && c.state === 'routed') return words('next.routed.reading');
    if (c.kind === 'reading' && c.state === 'accepted') return words('next.accepted.reading', { name });
    return words(`next.${c.state}`, { name });
}

/** ms -> "3 分 20 秒"; never below zero. */
export function spanWords(ms: number): string {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 3600) return words('minutes', { m: Math.floor(s / 60), s: s % 60 });
    if (s < 48 * 3600) return words('hours', { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
    return words('days', { d: Math.floor(s / 86400), h: Math.floor((s % 86400) / 3600) });
}

export interface Step {
    at: string; // RFC 3339
    title: string;
    text?: string | undefined;
    look?: 'bad' | 'now';
}

/** Its course so far, oldest first, and where it stands. */
export function courseOf(c: Consultation, nameOf: (account: string) => string): Step[] {
    const steps: Step[] = [{ at: c.submittedAt, title: words('step.submitted') }];
    if (c.acceptedAt) steps.push({ at: c.acceptedAt, title: words('step.accepted'), text: c.specialist?.name });
    if (c.startedAt) steps.push({ at: c.startedAt, title: words('step.started') });
    if (c.endedAt) steps.push({ at: c.endedAt, title: words('step.ended') });
    for (const e of c.entries ?? []) {
        const by = nameOf(e.by);
        const parts = [e.text ?? '', ...(e.checks ?? []).map((k) => `${words(`check.${k.name}`)}: ${k.ok ? words('ok') : k.problem ?? ''}`)];
        if (e.concordance) parts.push(words(`concordance.${e.concordance}`));
        if (e.avoidedTransfer !== undefined) parts.push(words(e.avoidedTransfer ? 'avoided' : 'notAvoided'));
        const bad = e.kind === 'critical' || e.kind === 'returned' || e.kind === 'problem';
        steps.push({ at: e.at, title: by ? `${words(`entry.${e.kind}`)} · ${by}` : words(`entry.${e.kind}`), text: parts.filter(Boolean).join('\n') || undefined, ...(bad ? { look: 'bad' as const } : {}) });
    }
    return steps.sort((a, b) => a.at.localeCompare(b.at));
}
