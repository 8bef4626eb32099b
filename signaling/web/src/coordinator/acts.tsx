// SPDX-License-Identifier: Apache-2.0
// What can be done with a case now, by its state. A table says what is offered; each act is one method. Reasons that
// were typed outlive a reload. Refuses to know rights: what the server refuses is told.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CALLABLE, OVER, loadSpecialties, remember } from '../case/case';
import { useKept } from '../keep/kept';
import { common } from '../text/common';
import { language } from '../text/text';
import { Button, Choices, Field, Loaded, toast, useLoad } from '../ui/ui';
import type { Method, Params, Result } from '../wire/connection';
import type { Consultation, Strategy, Urgency } from '../wire/protocol';
import { server } from '../wire/server';
import { loadPanels, panelWords, type Panel } from './panelnames';
import { ScheduleAct } from './schedule_act';
import { words } from './text';

export type Act = 'approve' | 'return' | 'triage' | 'schedule' | 'reroute' | 'reopen' | 'backfill' | 'critical' | 'archive' | 'cancel';

const RINGS: ReadonlySet<Consultation['state']> = new Set(['triaged', 'routed']);
const AGAIN: ReadonlySet<Consultation['state']> = new Set(['refused', 'expired', 'no_show']);

/** In the order in which they are shown. */
const OFFERED: [Act, (c: Consultation) => boolean][] = [
    ['critical', (c) => c.critical === 'raised'],
    ['approve', (c) => !OVER.has(c.state) && Boolean(c.awaits?.some((a) => a.startsWith('approval_')))],
    ['triage', (c) => c.awaits?.[0] === 'triage'],
    ['schedule', (c) => (c.state === 'accepted' && Boolean(c.awaits?.includes('schedule'))) || c.state === 'scheduled'],
    ['reroute', (c) => RINGS.has(c.state)],
    ['reopen', (c) => AGAIN.has(c.state)],
    ['backfill', (c) => Boolean(c.backfill && c.backfill.state !== 'done')],
    ['return', (c) => c.state === 'submitted' || c.state === 'approved'],
    ['archive', (c) => c.state === 'outcome_recorded' || c.state === 'acknowledged'],
];

export function offeredActs(c: Consultation): Act[] {
    return OFFERED.filter(([, when]) => when(c)).map(([act]) => act);
}

type Answers = { consultation: Consultation };
type CaseMethod = { [M in Method]: Result<M> extends Answers ? M : never }[Method];

/** Does it, keeps what the answer says, and says that it was done. */
export async function carryOut<M extends CaseMethod>(method: M, params: Params<M>, done: string): Promise<void> {
    const reply = (await server.call(method, params)) as Answers;
    remember(reply.consultation);
    toast(done, 'good');
}

interface Props { consultation: Consultation }

function Approve({ consultation: c }: Props): JSX.Element {
    const side = c.awaits?.includes('approval_inviting') ? 'inviting' : 'invited';
    return <div class="coordinator-act"><p>{words(`approve.${side}`)}</p>
        <Button look="primary" onClick={() => carryOut('consultation.approve', { id: c.id }, words('approved'))}>{words('approve')}</Button></div>;
}

/** A moment: what was typed here before is being read. */
function Reading(): JSX.Element {
    return <p role="status" class="muted">{common('loading')}</p>;
}

const RETURN_REASONS = ['history', 'results', 'picture', 'specialty', 'purpose'] as const;

function ReturnIt({ consultation: c }: Props): JSX.Element {
    const [open, setOpen] = useState(false);
    const kept = useKept(`form/return/${c.id}`, { reason: '' });
    const { reason } = kept.value;
    const set = (text: string): void => kept.set({ reason: text });
    const send = async (): Promise<void> => {
        await carryOut('consultation.return', { id: c.id, reason: reason.trim() }, words('returned'));
        await kept.forget();
    };
    if (!kept.ready) return <Reading />;
    if (!open && !reason) return <div class="coordinator-act"><Button onClick={() => setOpen(true)}>{words('return')}</Button></div>;
    return <div class="coordinator-act">
        <div class="buttons coordinator-reasons" role="group" aria-label={words('usualReasons')}>{RETURN_REASONS.map((r) =>
            <Button key={r} look="quiet" onClick={() => set([reason.trim(), words(`returnReason.${r}`)].filter(Boolean).join('\n'))}>+ {words(`returnReason.${r}`)}</Button>)}</div>
        <Field label={words('returnReason')} hint={words('applicantReads')}><textarea maxLength={500} value={reason} onInput={(e) => set(e.currentTarget.value)} /></Field>
        <Button look="danger" disabled={!reason.trim()} onClick={send}>{words('return')}</Button> <Button look="quiet" onClick={async () => { await kept.forget(); setOpen(false); }}>{common('cancel')}</Button>
    </div>;
}

interface PanelChoiceProps { specialty: string; value: string; onChange(id: string): void; none: string; asked?: { id: string; name: string }; except?: string }

/** Panels of a specialty, those with somebody on duty first; one where nobody is gets a warning. */
export function PanelChoice({ specialty, value, onChange, none, asked, except }: PanelChoiceProps): JSX.Element {
    const panels = useLoad(() => loadPanels(specialty ? { specialty } : {}), [specialty]);
    return <Loaded of={panels}>{(all) => {
        const chosen = all.find((p) => p.id === value);
        return <Field label={words('panel')} wrong={chosen && !chosen.onDuty ? words('nobodyThere') : undefined}>
            <select value={value} onChange={(e) => onChange(e.currentTarget.value)}><option value="">{none}</option>
                {asked && <option value={asked.id}>{words('asAsked', { name: asked.name })}</option>}
                {all.filter((p) => p.id !== asked?.id && p.id !== except).sort(byDuty).map((p) => <option key={p.id} value={p.id}>{panelWords(p)}</option>)}</select></Field>;
    }}</Loaded>;
}

/** All specialties of the directory; "" is any. */
function SpecialtyChoice({ value, onChange }: { value: string; onChange(id: string): void }): JSX.Element {
    const specialties = useLoad(loadSpecialties, []);
    return <Field label={words('specialty')}><select value={value} onChange={(e) => onChange(e.currentTarget.value)}>
        <option value="">{words('any')}</option>{specialties.value?.map((s) => <option key={s.id} value={s.id}>{language.value === 'en' ? s.en : s.zh}</option>)}</select></Field>;
}

function byDuty(a: Panel, b: Panel): number {
    return Number(b.onDuty > 0) - Number(a.onDuty > 0) || a.level - b.level || a.name.localeCompare(b.name);
}

function Triage({ consultation: c }: Props): JSX.Element {
    const kept = useKept<{ panelId: string; specialty: string; urgency: Urgency; strategy: Strategy | '' }>(`form/triage/${c.id}`, { panelId: c.panel.id, specialty: c.specialty ?? '', urgency: c.urgency, strategy: '' });
    const form = kept.value;
    const { set } = kept;
    const send = async (): Promise<void> => {
        await carryOut('consultation.triage', { id: c.id, urgency: form.urgency, ...(form.specialty ? { specialty: form.specialty } : {}), ...(form.panelId ? { panelId: form.panelId } : {}), ...(form.strategy ? { strategy: form.strategy } : {}) }, words('triaged'));
        await kept.forget();
    };
    if (!kept.ready) return <Reading />;
    return <div class="coordinator-act"><h3>{words('triage')}</h3>
        <Choices label={words('urgency')} value={form.urgency} options={(['routine', 'urgent', 'emergency'] as const).map((u) => [u, common(`urgency.${u}`)])} onChange={(urgency) => set({ urgency })} />
        <SpecialtyChoice value={form.specialty} onChange={(specialty) => set({ specialty, panelId: '' })} />
        <PanelChoice specialty={form.specialty} value={form.panelId} onChange={(panelId) => set({ panelId })} none={words('anyOfSpecialty')} asked={c.panel} />
        <Field label={words('strategy')}><select value={form.strategy} onChange={(e) => set({ strategy: e.currentTarget.value as Strategy | '' })}>
            <option value="">{words('strategy.agreed')}</option>{(['ring_all', 'ring_one', 'next_in_line'] as const).map((s) => <option key={s} value={s}>{words(`strategy.${s}`)}</option>)}</select></Field>
        <Button look="primary" onClick={send}>{words(c.awaits?.includes('schedule') ? 'triageInvite' : 'triageDo')}</Button>
    </div>;
}

function Reroute({ consultation: c }: Props): JSX.Element {
    const [open, setOpen] = useState(false);
    const kept = useKept(`form/reroute/${c.id}`, { specialty: c.specialty ?? '', panelId: '', reason: '' });
    const form = kept.value;
    const send = async (): Promise<void> => {
        await carryOut('consultation.reroute', { id: c.id, reason: form.reason.trim(), panelId: form.panelId }, words('rerouted'));
        await kept.forget();
    };
    if (!kept.ready) return <Reading />;
    if (!open && !form.panelId && !form.reason) return <div class="coordinator-act"><Button onClick={() => setOpen(true)}>{words('reroute')}</Button></div>;
    return <div class="coordinator-act"><h3>{words('reroute')}</h3>
        <SpecialtyChoice value={form.specialty} onChange={(specialty) => kept.set({ specialty, panelId: '' })} />
        <PanelChoice specialty={form.specialty} value={form.panelId} onChange={(panelId) => kept.set({ panelId })} none={words('choose')} except={c.panel.id} />
        <Field label={words('reason')}><textarea maxLength={500} value={form.reason} onInput={(e) => kept.set({ reason: e.currentTarget.value })} /></Field>
        <Button look="primary" disabled={!form.reason.trim() || !form.panelId} onClick={send}>{words('reroute')}</Button> <Button look="quiet" onClick={async () => { await kept.forget(); setOpen(false); }}>{common('cancel')}</Button>
    </div>;
}

function Reopen({ consultation: c }: Props): JSX.Element {
    const kept = useKept(`form/reopen/${c.id}`, { specialty: c.specialty ?? '', panelId: '', reason: '' });
    const form = kept.value;
    const send = async (): Promise<void> => {
        await carryOut('consultation.reopen', { id: c.id, ...(form.panelId ? { panelId: form.panelId } : {}), ...(form.reason.trim() ? { reason: form.reason.trim() } : {}) }, words('reopened'));
        await kept.forget();
    };
    if (!kept.ready) return <Reading />;
    return <div class="coordinator-act"><h3>{words('reopen')}</h3><p class="muted">{words('reopenHint')}</p>
        <SpecialtyChoice value={form.specialty} onChange={(specialty) => kept.set({ specialty, panelId: '' })} />
        <PanelChoice specialty={form.specialty} value={form.panelId} onChange={(panelId) => kept.set({ panelId })} none={words('samePanel', { name: c.panel.name })} except={c.panel.id} />
        <Field label={words('reason')} hint={words('optional')}><textarea maxLength={500} value={form.reason} onInput={(e) => kept.set({ reason: e.currentTarget.value })} /></Field>
        <Button look="primary" onClick={send}>{words('reopen')}</Button></div>;
}

function Backfill({ consultation: c }: Props): JSX.Element {
    return <div class="coordinator-act"><p>{words('backfillHint')}</p>
        <Button look="primary" onClick={() => carryOut('consultation.backfill', { id: c.id }, words('backfilled'))}>{words('backfill')}</Button></div>;
}

function Critical({ consultation: c }: Props): JSX.Element {
    const said = c.entries?.filter((e) => e.kind === 'critical').at(-1)?.text;
    return <div class="note bad" role="alert"><strong>{words('critical')}</strong>{said && <p>{said}</p>}
        <Button look="danger primary" onClick={() => carryOut('consultation.acknowledgeCritical', { id: c.id }, words('criticalDone'))}>{words('acknowledge')}</Button></div>;
}

function Archive({ consultation: c }: Props): JSX.Element {
    return <div class="coordinator-act"><Button onClick={() => carryOut('consultation.archive', { id: c.id }, words('archived'))}>{words('archive')}</Button></div>;
}

const FORMS: Partial<Record<Act, (props: Props) => JSX.Element>> = { critical: Critical, approve: Approve, return: ReturnIt, triage: Triage, schedule: ScheduleAct, reroute: Reroute, reopen: Reopen, backfill: Backfill, archive: Archive };

export function Acts({ consultation: c }: Props): JSX.Element {
    const acts = offeredActs(c);
    if (acts.length === 0) return <p class="muted">{CALLABLE.has(c.state) ? words('nothingRunning') : words('nothingToDo')}</p>;
    return <>{acts.map((act) => {
        const Form = FORMS[act]!;
        return <Form key={act} consultation={c} />;
    })}</>;
}
