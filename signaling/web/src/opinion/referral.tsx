// SPDX-License-Identifier: Apache-2.0
// Referrals of a case: proposing one, and following it. The receiving institution answers; nobody else does for it.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { account } from '../app/session';
import { useKept } from '../keep/kept';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, Choices, Dialog, Field, Loaded, toast, useLoad } from '../ui/ui';
import type { Result } from '../wire/connection';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { words } from './editor_text';

type Referral = Result<'referral.list'>['referrals'][number];
const SHOWN = 12;
type Act = 'withdraw' | 'accept' | 'refuse' | 'arrive' | 'discharge' | 'close';
type Direction = Referral['direction'];

/** Who may do what when: side that sends or receives, states, and what has to be written. */
const ACTS: { act: Act; side: 'from' | 'to'; states: Referral['state'][]; asks?: 'why' | 'dischargePlan' }[] = [
    { act: 'accept', side: 'to', states: ['proposed'] },
    { act: 'refuse', side: 'to', states: ['proposed'], asks: 'why' },
    { act: 'arrive', side: 'to', states: ['accepted', 'not_arrived'] },
    { act: 'discharge', side: 'to', states: ['arrived'], asks: 'dischargePlan' },
    { act: 'withdraw', side: 'from', states: ['proposed', 'accepted'], asks: 'why' },
    { act: 'close', side: 'from', states: ['discharged'] },
];

async function perform(act: Act, id: string, text: string): Promise<void> {
    if (act === 'refuse') await server.call('referral.refuse', { id, reason: text });
    else if (act === 'discharge') await server.call('referral.discharge', { id, plan: text });
    else if (act === 'withdraw') await server.call('referral.withdraw', { id, ...(text ? { reason: text } : {}) });
    else if (act === 'accept') await server.call('referral.accept', { id });
    else if (act === 'arrive') await server.call('referral.arrive', { id });
    else await server.call('referral.close', { id });
}

function Actions({ referral: r, onDone }: { referral: Referral; onDone(): void }): JSX.Element | null {
    const [asked, setAsked] = useState<Act | null>(null);
    const { value: { text }, ready, set, forget } = useKept(`form/referral/${r.id}`, { text: '' });
    const mine = account.value?.institution.id;
    const acts = ACTS.filter((a) => r[a.side].id === mine && a.states.includes(r.state));
    const asks = ACTS.find((a) => a.act === asked)?.asks;
    const run = async (act: Act): Promise<void> => {
        await perform(act, r.id, text.trim());
        setAsked(null);
        await forget();
        onDone();
    };
    if (!acts.length) return null;
    return <><div class="buttons">{acts.map((a) => <Button key={a.act} onClick={() => (a.asks ? setAsked(a.act) : run(a.act))}>{words(`act.${a.act}`)}</Button>)}</div>
        <Dialog open={asked !== null} title={asked ? words(`act.${asked}`) : ''} onClose={() => setAsked(null)}>
            {ready && <Field label={words(`act.${asks ?? 'why'}`)}><textarea rows={4} maxLength={asks === 'why' ? 500 : 4000} value={text} onInput={(e) => set({ text: e.currentTarget.value })} /></Field>}
            <div class="buttons"><Button look="primary" disabled={!text.trim()} onClick={() => run(asked!)}>{common('ok')}</Button><Button onClick={() => setAsked(null)}>{common('cancel')}</Button></div>
        </Dialog></>;
}

type Place = { id: string; name: string; level: number };

/** Up: above where the patient is, one's own house first; down: below one's own, where the patient came from first. */
function candidates(found: Place[], direction: Direction, from: Place, own: Place): Place[] {
    const first = direction === 'up' ? own : from;
    const fits = (i: Place): boolean => i.id !== first.id && (direction === 'up' ? i.level > from.level : i.level < own.level);
    const at = found.some((i) => i.id === first.id) ? [first] : [];
    return [...at, ...found.filter(fits)];
}

function Institution({ value, direction, from, onChange }: { value: string; direction: Direction; from: Place; onChange(id: string): void }): JSX.Element {
    const [q, setQ] = useState('');
    const [asked, setAsked] = useState('');
    useEffect(() => { const timer = setTimeout(() => setAsked(q.trim()), 300); return () => clearTimeout(timer); }, [q]);
    const found = useLoad(async () => (await server.call('directory.institutions', { limit: 100, ...(asked ? { q: asked } : {}) })).institutions, [asked]);
    const own = account.value!.institution;
    return <div class="opinion-where">
        <Field label={words('searchInstitution')}><input type="search" maxLength={80} value={q} onInput={(e) => setQ(e.currentTarget.value)} /></Field>
        <Loaded of={found}>{(found_) => {
            const list = candidates(found_, direction, from, own).slice(0, SHOWN);
            return list.length === 0 ? <p class="note warn">{words('noInstitution')}</p>
                : <Choices label={words('toInstitution')} value={value} options={list.map((i) => [i.id, i.name] as [string, string])} onChange={onChange} />;
        }}</Loaded>
    </div>;
}

interface Proposal { direction: Direction; to: string; plan: string | null; by: string }
const NO_PROPOSAL: Proposal = { direction: 'up', to: '', plan: null, by: '' }; // its plan is the opinion's until it is changed

function Propose({ open, consultationId, from, plan: first, onClose, onDone }: { open: boolean; consultationId: string; from: Place; plan: string; onClose(): void; onDone(): void }): JSX.Element {
    const { value: { direction, to, by, ...typed }, ready, set, forget } = useKept<Proposal>(`form/propose/${consultationId}`, NO_PROPOSAL);
    const plan = typed.plan ?? first;
    const send = async (): Promise<void> => {
        await server.call('referral.propose', { consultationId, direction, toInstitution: to, plan: plan.trim(), ...(by ? { arriveBy: new Date(by).toISOString() } : {}) });
        toast(words('proposed'), 'good');
        await forget();
        onClose();
        onDone();
    };
    return <Dialog open={open} title={words('propose')} onClose={onClose}>
        <Choices label={words('direction')} value={direction} options={[['up', words('direction.up')], ['down', words('direction.down')]]} onChange={(d) => set({ direction: d, to: '' })} />
        <Institution value={to} direction={direction} from={from} onChange={(id) => set({ to: id })} />
        {ready && <><Field label={words('plan')}><textarea rows={5} maxLength={4000} value={plan} onInput={(e) => set({ plan: e.currentTarget.value })} /></Field>
            <Field label={words('arriveBy')}><input type="datetime-local" value={by} onInput={(e) => set({ by: e.currentTarget.value })} /></Field></>}
        <div class="buttons"><Button look="primary" disabled={!to || !plan.trim()} onClick={send}>{common('send')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </Dialog>;
}

/** `plan`: what a new referral's plan begins with. `mayPropose`: one who answers for the case. */
export function Referrals({ consultation, plan, mayPropose }: { consultation: Pick<Consultation, 'id' | 'applicant'>; plan: string; mayPropose: boolean }): JSX.Element | null {
    const consultationId = consultation.id;
    const [open, setOpen] = useState(false);
    const all = useLoad(async () => (await server.call('referral.list', { consultationId })).referrals, [consultationId]);
    useEffect(() => server.on('referral.state', ({ referral }) => { if (referral.consultationId === consultationId) all.again(); }), [consultationId]);
    if (!mayPropose && !all.value?.length) return null;
    return <section class="card opinion-referrals"><h3>{words('referral')}</h3>
        <Loaded of={all}>{(list) => list.length === 0 ? <p class="muted">{words('noReferral')}</p> : <ul class="opinion-members">{list.map((r) => <li key={r.id} class="opinion-member">
            <div><strong>{words('fromTo', { from: r.from.name, to: r.to.name })}</strong> <span class="tag">{words(`direction.${r.direction}`)}</span> <span class={`tag ${r.state === 'refused' || r.state === 'not_arrived' ? 'urgent' : r.state === 'accepted' || r.state === 'arrived' ? 'good' : ''}`}>{words(`referral.${r.state}`)}</span></div>
            <p class="opinion-text">{r.plan}</p>
            {r.arriveBy && <p class="muted">{words('arriveBy')} {when(r.arriveBy)}</p>}
            {r.reason && <p class="note warn">{r.reason}</p>}
            {r.dischargePlan && <p class="opinion-text">{r.dischargePlan}</p>}
            <Actions referral={r} onDone={all.again} />
        </li>)}</ul>}</Loaded>
        {mayPropose && <div class="buttons"><Button onClick={() => setOpen(true)}>{words('propose')}</Button></div>}
        <Propose open={open} consultationId={consultationId} from={consultation.applicant.institution} plan={plan} onClose={() => setOpen(false)} onDone={all.again} />
    </section>;
}
