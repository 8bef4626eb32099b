// SPDX-License-Identifier: Apache-2.0
// In which states of a consultation there is a call, and who is what in it. Pure.
import type { Consultation } from '../wire/protocol';

export type State = Consultation['state'];

/** Answered: who takes part is heard (the server's own gate says the same). */
export const FlowStates: ReadonlySet<State> = new Set(['accepted', 'scheduled', 'ready', 'in_progress', 'interrupted']);
/** The applicant waits, and is not heard yet. */
export const WaitStates: ReadonlySet<State> = new Set(['submitted', 'approved', 'triaged', 'routed']);

export type Part = 'applicant' | 'specialist' | 'chair' | 'expert' | 'observer' | 'rung' | 'none';

export function partOf(c: Consultation, account: string): Part {
    const member = c.members?.find((m) => m.account.id === account);
    if (c.applicant.id === account) return 'applicant';
    if (member?.role === 'chair') return 'chair';
    if (member?.role === 'observer' || member?.ring === 'observing') return 'observer';
    if (c.specialist?.id === account) return 'specialist';
    if (member?.ring === 'accepted') return 'expert';
    if (member?.ring === 'ringing') return 'rung';
    // of the rings of other kinds nothing is told; who is asked sees what is clinical, others of the panel do not
    return c.state === 'routed' && c.kind !== 'mdt' && !c.specialist && c.complaint !== undefined ? 'rung' : 'none';
}

/** Who may end it for everybody (docs/protocol/signaling.md, consultation.end). */
export function mayEnd(part: Part): boolean {
    return part === 'applicant' || part === 'specialist' || part === 'chair';
}

export function isOver(c: Consultation): boolean {
    return !c.live && !FlowStates.has(c.state) && !WaitStates.has(c.state);
}

export interface Present { id: string; name: string; institution: string; part: Part; here: boolean }

/** Everybody who takes or may take part, the applicant first. */
export function people(c: Consultation): Present[] {
    const of = (p: Consultation['applicant'], here: boolean): Present => ({ id: p.id, name: p.name, institution: p.institution.name, part: partOf(c, p.id), here });
    const all = [of(c.applicant, c.present.includes(c.applicant.id))];
    for (const m of c.members ?? [])
        if (m.ring === 'accepted' || m.ring === 'observing' || c.present.includes(m.account.id)) all.push(of(m.account, c.present.includes(m.account.id)));
    if (c.specialist && !all.some((p) => p.id === c.specialist!.id)) all.push(of(c.specialist, c.present.includes(c.specialist.id)));
    return all;
}
