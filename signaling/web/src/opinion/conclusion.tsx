// SPDX-License-Identifier: Apache-2.0
// What the chair of an MDT states beside the conclusion: who dissents and in what, who is excused and why.
import type { JSX } from 'preact';
import type { Result } from '../wire/connection';
import type { Consultation } from '../wire/protocol';
import { Field } from '../ui/ui';
import type { OpinionRow } from './document';
import type { Beside, Drafting } from './drafting';
import { words } from './editor_text';

export type Member = NonNullable<Consultation['members']>[number];

/** Experts who took part, or may have. */
export function expertsOf(c: Consultation): Member[] {
    return (c.members ?? []).filter((m) => m.role === 'expert' && m.ring === 'accepted');
}

/** dissent and excused as they go over the wire: those that still apply. */
export function besideToWire(beside: Beside, experts: Member[]): Pick<Parameters, 'dissent' | 'excused'> {
    const ids = (of: Record<string, string>, signed: boolean): string[] => experts.filter((m) => !!m.signed === signed && of[m.account.id]?.trim()).map((m) => m.account.id);
    const dissent = ids(beside.dissent, true).map((author) => ({ author, text: beside.dissent[author]!.trim() }));
    const excused = ids(beside.excused, false).map((author) => ({ author, reason: beside.excused[author]!.trim() }));
    return { ...(dissent.length ? { dissent } : {}), ...(excused.length ? { excused } : {}) };
}
interface Parameters { dissent?: { author: string; text: string }[]; excused?: { author: string; reason: string }[] }

/** Experts who neither signed nor are excused. */
export function waitedFor(beside: Beside, experts: Member[]): Member[] {
    return experts.filter((m) => !m.signed && !m.excused && !beside.excused[m.account.id]?.trim());
}

function MemberRow({ member: m, of, excusable }: { member: Member; of: Drafting; excusable: boolean }): JSX.Element {
    const id = m.account.id;
    const { dissent, excused } = of.beside.value;
    const without = (from: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(from).filter(([k]) => k !== id));
    const set = (kind: 'dissent' | 'excused', on: boolean, text = ''): void => of.changeBeside({ [kind]: on ? { ...of.beside.value[kind], [id]: text } : without(of.beside.value[kind]) });
    const kind = m.signed ? 'dissent' : 'excused';
    const stated = (m.signed ? dissent : excused)[id];
    return <li class="opinion-member">
        <div><strong>{m.account.name}</strong> <span class="muted">{m.account.institution.name}</span> <span class={`tag ${m.signed ? 'good' : ''}`}>{words(m.signed ? 'memberSigned' : m.excused ? 'excuse' : 'memberOpen')}</span></div>
        {(m.signed || excusable) && !m.excused && <>
            <label class="tick"><input type="checkbox" checked={stated !== undefined} onChange={(e) => set(kind, e.currentTarget.checked)} />{words(m.signed ? 'dissents' : 'excuse')}</label>
            {stated !== undefined && <Field label={words(m.signed ? 'dissentText' : 'excuseReason')}><textarea rows={2} maxLength={m.signed ? 2000 : 500} value={stated} onInput={(e) => set(kind, true, e.currentTarget.value)} /></Field>}
        </>}
    </li>;
}

/** `excusable`: not when a conclusion is superseded. */
export function MembersBox({ consultation, of, excusable }: { consultation: Consultation; of: Drafting; excusable: boolean }): JSX.Element {
    const experts = expertsOf(consultation);
    return <section class="card"><h3>{words('members')}</h3>
        <ul class="opinion-members">{experts.map((m) => <MemberRow key={m.account.id} member={m} of={of} excusable={excusable} />)}</ul>
        {excusable && waitedFor(of.beside.value, experts).length > 0 && <p class="note warn">{words('waitMembers')}</p>}
    </section>;
}

/** Own versions that count, of one kind. */
export function ownSigned(rows: OpinionRow[], me: string): OpinionRow | undefined {
    return rows.find((r) => r.author.id === me && r.signed && !r.supersededBy);
}

export type Signed = Result<'opinion.sign'>['opinion'];

/** What is signed beside the text, before it is. */
export function BesidePreview({ beside, experts, chair, superseding }: { beside: Beside; experts: Member[]; chair: boolean; superseding: boolean }): JSX.Element | null {
    const { dissent, excused } = chair ? besideToWire(beside, experts) : {};
    const nameOf = (id: string): string => experts.find((m) => m.account.id === id)?.account.name ?? id;
    if (!superseding && !dissent && !excused) return null;
    return <ul class="opinion-team">
        {superseding && <li><strong>{words('reason')}</strong> <span class="opinion-text">{beside.reason}</span></li>}
        {dissent?.map((d) => <li key={d.author}><strong>{nameOf(d.author)}</strong> {words('dissents')} <p class="opinion-text">{d.text}</p></li>)}
        {!superseding && excused?.map((e) => <li key={e.author}><strong>{nameOf(e.author)}</strong> {words('excuse')} <p class="opinion-text">{e.reason}</p></li>)}
    </ul>;
}
