// SPDX-License-Identifier: Apache-2.0
// One of the applicant's own cases: how it stands, who is coming, and the one thing to do next as a large button.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { go } from '../app/router';
import { account } from '../app/session';
import { CALLABLE, CaseFacts, CaseMembers, CaseNext, CaseTimeline, OPINION, OVER, StateWords, patientWords, useCase } from '../case/case';
import { useKept } from '../keep/kept';
import { post } from '../outbox/start';
import { OutboxBar } from '../outbox/view';
import { common } from '../text/common';
import { Button, Dialog, Field, Loaded } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { MaterialList } from '../viewers/view';
import { act } from './acts';
import { AddFiles, namesOfCase } from './attach';
import { draftOfCase, uploadsOf } from './drafts';
import type { Attached } from './request';
import { enterCall } from './sent';
import { Appointment } from './slots';
import { Quick } from './steps';
import { words } from './text';
import './village.css';

type State = Consultation['state'];
const BEFORE_CALL: ReadonlySet<State> = new Set(['submitted', 'returned', 'approved', 'triaged', 'routed', 'accepted', 'scheduled', 'ready']);
const WAITING: ReadonlySet<State> = new Set(['submitted', 'approved', 'triaged', 'routed']);
const TO_MEET: ReadonlySet<State> = new Set([...WAITING, 'accepted', 'scheduled', 'ready']);
const CLOSED: ReadonlySet<State> = new Set(['archived', 'cancelled', 'no_show']);

const EARLY_MS = 15 * 60_000; // the server lets in from then on

const hasCall = (c: Consultation): boolean => c.kind !== 'reading' || c.live === true;

/** The next thing, largest. */
function NextAct({ c }: { c: Consultation }): JSX.Element | null {
    if (c.critical === 'raised') return <Button look="danger primary huge" onClick={() => act(c.id, 'acknowledge', 'consultation.acknowledgeCritical', { id: c.id })}>{words('criticalAck')}</Button>;
    if (c.state === 'returned') return <Button look="primary huge" onClick={async () => go('new', (await draftOfCase(c)).draft.value.id, 'send')}>{words('supplement')}</Button>;
    if ((c.state === 'scheduled' || c.state === 'ready') && c.slot && Date.parse(c.slot.start) - Date.now() > EARLY_MS) return <p class="note">{words('slotSoon')}</p>;
    if (c.state === 'accepted' && c.awaits?.includes('schedule')) return null; // a time comes first
    if ((CALLABLE.has(c.state) || c.live) && hasCall(c)) return <Button look="primary huge" onClick={() => enterCall(c.id)}>{words('enter')}</Button>;
    if (WAITING.has(c.state) && hasCall(c)) return <Button look="huge" onClick={() => enterCall(c.id)}>{words('enterWait')}</Button>;
    if (c.state === 'delivered') return <Button look="primary huge" onClick={() => go('opinion', c.id)}>{words('readOpinion')}</Button>;
    if (c.state === 'follow_up_due' || c.state === 'acknowledged') return <Button look="primary huge" onClick={() => go('followup', c.id)}>{words('followUp')}</Button>;
    if (c.state === 'outcome_recorded') return <Button look="primary huge" onClick={() => act(c.id, 'archive', 'consultation.archive', { id: c.id })}>{words('archiveIt')}</Button>;
    if (OVER.has(c.state) && c.state !== 'archived') return <Button look="primary huge" onClick={async () => go('new', (await draftOfCase(c)).draft.value.id, 'send')}>{words('again')}</Button>;
    return null;
}

function Cancel({ c }: { c: Consultation }): JSX.Element {
    const [open, setOpen] = useState(false);
    const { value: { reason }, ready, set, forget } = useKept(`form/cancel/${c.id}`, { reason: '' });
    const setReason = (text: string): void => set({ reason: text });
    return <>
        <Button look="danger" onClick={() => setOpen(true)}>{words('cancelIt')}</Button>
        <Dialog open={open} title={words('cancelIt')} onClose={() => setOpen(false)}>
            <p>{words('cancelSure')}</p>
            {ready && <><Field label={words('cancelWhy')}><textarea maxLength={500} value={reason} onInput={(e) => setReason(e.currentTarget.value)} /></Field>
                <Quick label="" options={words('whyList').split(',')} onPick={setReason} /></>}
            <div class="buttons"><Button look="danger primary" disabled={!reason.trim()} onClick={async () => { await act(c.id, 'cancel', 'consultation.cancel', { id: c.id, reason: reason.trim() }); await forget(); setOpen(false); }}>{words('cancelIt')}</Button><Button onClick={() => setOpen(false)}>{common('back')}</Button></div>
        </Dialog>
    </>;
}

/** What the specialist saw at once, before anybody is asked to take note of it. */
function Critical({ c }: { c: Consultation }): JSX.Element | null {
    const said = (c.entries ?? []).filter((e) => e.kind === 'critical').at(-1);
    if (c.critical !== 'raised' || !said?.text) return null;
    return <div class="note bad village-critical" role="alert"><strong>{words('criticalSaid')}</strong><p>{said.text}</p></div>;
}

/** A time can be agreed on, or moved. */
function Times({ c }: { c: Consultation }): JSX.Element | null {
    if (c.state === 'scheduled') return <Section title={words('slotMove')}><Appointment c={c} /></Section>;
    return c.state === 'accepted' && c.awaits?.includes('schedule') ? <section class="card"><h2>{words('slotChoose')}</h2><Appointment c={c} /></section> : null;
}

function Section({ title, children, open }: { title: string; children: ComponentChildren; open?: boolean }): JSX.Element {
    return <details class="card village-section" open={open}><summary><h2>{title}</h2></summary>{children}</details>;
}

function Materials({ c }: { c: Consultation }): JSX.Element {
    const [adding, setAdding] = useState(false);
    const add = async (files: Attached[]): Promise<void> => { await post(uploadsOf(files, c.id, c.id)); };
    return <>
        <MaterialList consultationId={c.id} />
        {adding && <OutboxBar group={c.id} />}
        {!CLOSED.has(c.state) && (adding ? <AddFiles onAdd={add} held={() => namesOfCase(c.id)} /> : <div class="buttons"><Button onClick={() => setAdding(true)}>＋ {words('addMore')}</Button></div>)}
    </>;
}

function Case({ c }: { c: Consultation }): JSX.Element {
    const mine = account.value?.id === c.applicant.id;
    return <div class="village-case">
        <h1>{patientWords(c.patient) || common(`kind.${c.kind}`)}</h1>
        <div><StateWords consultation={c} /></div>
        <CaseNext consultation={c} />
        <Critical c={c} />
        {mine && <NextAct c={c} />}
        {mine && <Times c={c} />}
        <OutboxBar group={c.id} />
        <div class="buttons">
            {OPINION.has(c.state) && c.kind !== 'guidance' && c.state !== 'delivered' && <a class="button" href={`#/opinion/${c.id}`}>{words('readOpinion')}</a>}
            <a class="button" href={`#/consent/${c.id}`}>{words('consentPage')}</a>
            {mine && hasCall(c) && TO_MEET.has(c.state) && <a class="button" href={`#/device-check/${c.id}`}>{words('checkDevices')}</a>}
            {mine && BEFORE_CALL.has(c.state) && <Cancel c={c} />}
        </div>
        <Section title={words('facts')} open><CaseFacts consultation={c} /></Section>
        <Section title={words('materials')} open><Materials c={c} /></Section>
        <Section title={words('people')}><CaseMembers consultation={c} /></Section>
        <Section title={words('course')}><CaseTimeline consultation={c} /></Section>
    </div>;
}

export function CasePage({ rest }: { rest: string[] }): JSX.Element {
    const live = useCase(rest[0] ?? '');
    return <Loaded of={live}>{(c) => <Case c={c} />}</Loaded>;
}
