// SPDX-License-Identifier: Apache-2.0
// How urgent a time limit is, and what may be done with a case when. Pure: the time is handed in.
import type { Consultation } from '../wire/protocol';

export type Due = 'calm' | 'soon' | 'now' | 'over';

/** `total`: the whole span, ms, where it is known: the last fifth is "soon", the last twentieth "now". */
export function dueOf(untilMs: number, nowMs: number, totalMs = 3_600_000): Due {
    const left = untilMs - nowMs;
    if (left <= 0) return 'over';
    if (left <= totalMs / 20) return 'now';
    return left <= totalMs / 5 ? 'soon' : 'calm';
}

/** 0..1 of the span that is left; 0 when over. */
export function shareLeft(fromMs: number, untilMs: number, nowMs: number): number {
    if (untilMs <= fromMs) return 0;
    return Math.max(0, Math.min(1, (untilMs - nowMs) / (untilMs - fromMs)));
}

export const ENTER_BEFORE_MS = 15 * 60_000; // docs/protocol/signaling.md, consultation.enter

type State = Consultation['state'];
const TO_MEET: State[] = ['accepted', 'scheduled', 'ready'];
const IN_CALL: State[] = ['in_progress', 'interrupted'];

/** A call can be entered: it is on, or may begin; with a slot from a quarter of an hour before. */
export function mayEnter(c: Pick<Consultation, 'state' | 'kind' | 'slot' | 'awaits' | 'live'>, nowMs: number): boolean {
    if (c.live || IN_CALL.includes(c.state)) return true;
    if (!TO_MEET.includes(c.state) || c.kind === 'reading' || c.awaits?.includes('schedule')) return false;
    return !c.slot || nowMs >= Date.parse(c.slot.start) - ENTER_BEFORE_MS;
}

/** A draft may be written to the server. */
export function mayWrite(c: Pick<Consultation, 'state' | 'kind'>): boolean {
    if (c.kind === 'guidance') return false;
    return TO_MEET.includes(c.state) || IN_CALL.includes(c.state) || c.state === 'opinion_drafted';
}

export function maySign(c: Pick<Consultation, 'state' | 'kind'>): boolean {
    return c.state === 'opinion_drafted' || (c.kind === 'reading' && c.state === 'accepted');
}

/** Am I the one, or one of those, who write? In an MDT all who accepted, else the specialist. */
export function isAuthor(c: Pick<Consultation, 'kind' | 'specialist' | 'members'>, me: string): boolean {
    if (c.kind !== 'mdt') return c.specialist?.id === me;
    return (c.members ?? []).some((m) => m.account.id === me && m.ring === 'accepted' && m.role !== 'observer');
}

export function isChair(c: Pick<Consultation, 'kind' | 'members'>, me: string): boolean {
    return c.kind === 'mdt' && (c.members ?? []).some((m) => m.account.id === me && m.role === 'chair');
}

/**
 * Is this specialist asked now? Who is only rung is not among the members; but who is rung sees what is clinical, and
 * who is of the panel only does not. An MDT rings its other experts when the chair has accepted, too.
 */
export function ringsFor(c: Pick<Consultation, 'members' | 'kind' | 'state' | 'complaint' | 'applicant'>, me: string): boolean {
    if (c.kind === 'reading' || c.complaint === undefined || c.applicant.id === me) return false; // a reading waits in the worklist
    const member = (c.members ?? []).some((m) => m.account.id === me);
    return c.state === 'routed' ? !member : c.kind === 'mdt' && !member && (TO_MEET.includes(c.state) || IN_CALL.includes(c.state));
}

/** What waits for this person in it; null: nothing. */
export function todoOf(c: Consultation, me: string, nowMs: number): 'answer' | 'call' | 'write' | null {
    if (ringsFor(c, me)) return 'answer';
    if (!isAuthor(c, me)) return null;
    if (mayEnter(c, nowMs)) return 'call';
    const signed = (c.members ?? []).some((m) => m.account.id === me && m.signed);
    return maySign(c) && !(signed && !isChair(c, me)) ? 'write' : null;
}

/** Local day and time of a form -> the wire's time; null where it is none or not ahead. */
/** Those of somebody's slots that lie in the span, whole or in part. */
export function ownWithin<T extends { start: string; end: string; accountId?: string | undefined }>(slots: T[], span: { start: string; end: string }, me: string | undefined): T[] {
    return slots.filter((s) => s.accountId !== undefined && s.accountId === me && Date.parse(s.start) < Date.parse(span.end) && Date.parse(s.end) > Date.parse(span.start));
}

export function slotSpan(date: string, from: string, until: string, nowMs: number): { start: string; end: string } | null {
    const start = new Date(`${date}T${from}`);
    const end = new Date(`${date}T${until}`);
    if (Number.isNaN(start.getTime()) || Number.isNaN(end.getTime()) || end <= start || start.getTime() < nowMs) return null;
    return { start: start.toISOString(), end: end.toISOString() };
}

/** Monday 00:00 local of the week that holds `at`, moved by `weeks`. */
export function weekOf(at: Date, weeks: number): { from: Date; until: Date } {
    const from = new Date(at.getFullYear(), at.getMonth(), at.getDate() - ((at.getDay() + 6) % 7) + weeks * 7);
    return { from, until: new Date(from.getFullYear(), from.getMonth(), from.getDate() + 7) };
}
