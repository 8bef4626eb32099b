// SPDX-License-Identifier: Apache-2.0
// A consultation as its specialist meets it: the summary on one screen, accept or refuse, then whatever comes next. While
// it rings the media come up unheard, so that the first picture follows the answer at once.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { go } from '../app/router';
import { running } from '../app/running';
import { account } from '../app/session';
import { CaseFacts, CaseMembers, CaseNext, CaseTimeline, Countdown, OPINION, StateWords, patientWords, remember, useCase } from '../case/case';
import { common } from '../text/common';
import { OpinionReader } from '../opinion/reader';
import { Referrals } from '../opinion/referral';
import { useShortcuts, type Shortcut } from '../ui/shortcuts';
import { Button, Loaded } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { ConsentScope } from './consent';
import { isAuthor, isChair, mayEnter, mayWrite } from './due';
import { useNow } from './paging';
import { RefuseDialog } from './refuse';
import { Notes } from './notes';
import { Agree } from './agree';
import { answer, rings as ringing, unanswer } from './ringing';
import { Materials } from './materials';
import { words } from './text';
import './specialist.css';

const TO_MEET = ['accepted', 'scheduled', 'ready'];

async function accept(c: Consultation): Promise<void> {
    answer(c.id);
    try {
        const { consultation } = await server.call('consultation.accept', { id: c.id });
        remember(consultation);
        if (mayEnter(consultation, Date.now())) go('call', c.id);
    } catch (error) {
        unanswer(c);
        throw error;
    }
}

async function refuse(c: Consultation, reason: string): Promise<void> {
    answer(c.id);
    try {
        const { consultation } = await server.call('consultation.refuse', { id: c.id, reason });
        remember(consultation);
    } catch (error) {
        unanswer(c);
        throw error;
    }
    void import('../call/media').then((m) => m.discard(c.id));
    go('desk');
}

/** Transports and devices while it rings, where it leads into a call at once. */
function usePrepared(c: Consultation, rings: boolean): void {
    useEffect(() => {
        if (!rings || (c.kind !== 'live' && c.kind !== 'emergency' && c.kind !== 'guidance')) return;
        const media = import('../call/media');
        void media.then((m) => m.prepare(c.id)).catch(() => undefined);
        return () => { if (ringing.value.some((r) => r.id === c.id)) void media.then((m) => m.discard(c.id)); }; // gone elsewhere unanswered: the camera goes off
    }, [c.id, rings]);
}

function Actions({ c, me, rings }: { c: Consultation; me: string; rings: boolean }): JSX.Element {
    const [refusing, setRefusing] = useState(false);
    const now = useNow();
    const author = isAuthor(c, me);
    const enter = (author || isChair(c, me)) && mayEnter(c, now);
    const write = author && mayWrite(c);
    const keys: Shortcut[] = [
        ...(rings ? [{ keys: 'A', what: words('accept'), run: () => accept(c) }, { keys: 'R', what: words('refuse'), run: () => setRefusing(true) }] : []),
        ...(enter ? [{ keys: 'C', what: words('enterCall'), run: () => go('call', c.id) }] : []),
        ...(write ? [{ keys: 'W', what: words('writeOpinion'), run: () => go('write', c.id) }] : []),
    ];
    useShortcuts(keys, [c.id, c.revision, rings, enter, write]);
    return <div class="specialist-actions">
        {rings && <>
            <Button look="primary huge" onClick={() => accept(c)}>{words('accept')}</Button>
            <Button look="danger" onClick={() => setRefusing(true)}>{words('refuse')}</Button>
            <span class="muted">{words('answerBy')}</span>
        </>}
        {enter && <Button look="primary" onClick={() => go('call', c.id)}>{words(running.value === c.id || c.state === 'in_progress' ? 'backToCall' : 'enterCall')}</Button>}
        {write && <Button look={enter ? 'quiet' : 'primary'} onClick={() => go('write', c.id)}>{words('writeOpinion')}</Button>}
        {(author || isChair(c, me)) && !rings && TO_MEET.includes(c.state) && c.kind !== 'reading' && <a class="button quiet" href={`#/device-check/${c.id}`}>{words('checkDevices')}</a>}
        {author && !rings && TO_MEET.includes(c.state) && c.kind !== 'reading' && <Button look="quiet" onClick={() => setRefusing(true)}>{words('cannotCome')}</Button>}
        <RefuseDialog id={c.id} open={refusing} title={words(rings ? 'refuseTitle' : 'withdrawTitle')} onRefuse={(reason) => refuse(c, reason)} onClose={() => setRefusing(false)} />
    </div>;
}

function Outcome({ c }: { c: Consultation }): JSX.Element | null {
    const [last] = (c.entries ?? []).filter((e) => e.kind === 'outcome').slice(-1);
    if (!last) return null;
    return <section class="card"><h2>{words('outcomes')}</h2>
        <p>{last.concordance && <span class={`tag ${last.concordance === 'differs' ? 'urgent' : last.concordance === 'agrees' ? 'good' : ''}`}>{words(`concordance.${last.concordance}`)}</span>} {last.avoidedTransfer !== undefined && <span class="tag">{words(last.avoidedTransfer ? 'avoided' : 'transferred')}</span>}</p>
        <p class="opinion-text">{last.text}</p>
    </section>;
}

function Summary({ c }: { c: Consultation }): JSX.Element {
    const me = account.value?.id ?? '';
    const rings = ringing.value.some((r) => r.id === c.id);
    const clinical = c.complaint !== undefined;
    usePrepared(c, rings);
    const done = OPINION.has(c.state); // then what came of it is read first
    const after = <>
        <Outcome c={c} />
        {done && c.kind !== 'guidance' && <OpinionReader consultationId={c.id} print={c} />}
        {isAuthor(c, me) && (done || c.state === 'opinion_drafted') && <Referrals consultation={c} plan="" mayPropose={c.kind !== 'mdt' || isChair(c, me)} />}
    </>;
    return <div class={`specialist-summary ${rings ? 'rings' : ''}`}>
        <header class="specialist-head">
            <h1>{patientWords(c.patient) || words('summary')}</h1>
            <StateWords consultation={c} />
            <span class="tag">{common(`kind.${c.kind}`)}</span>
            {rings && c.deadlineAt && <strong class="specialist-countdown"><Countdown until={c.deadlineAt} /></strong>}
        </header>
        <Actions c={c} me={me} rings={rings} />
        {!rings && <div class="card"><CaseNext consultation={c} /></div>}
        {done && after}
        <div class="specialist-columns">
            <section class="card" aria-label={words('caseTab')}>{!clinical && <p class="note">{words('clinicalHidden')}</p>}<CaseFacts consultation={c} /></section>
            {clinical && <div>
                <section class="card"><h2>{words('materials')}</h2><Materials consultationId={c.id} /></section>
                <div class="card"><ConsentScope consultation={c} /></div>
            </div>}
        </div>
        {c.kind === 'guidance' && isAuthor(c, me) && <Notes c={c} />}
        {c.awaits?.includes('schedule') && (isAuthor(c, me) || isChair(c, me)) && <Agree c={c} />}
        {!done && after}
        {!rings && clinical && <div class="specialist-columns"><section class="card"><h2>{words('people')}</h2><CaseMembers consultation={c} /></section><section class="card"><h2>{words('course')}</h2><CaseTimeline consultation={c} /></section></div>}
    </div>;
}

function One({ id }: { id: string }): JSX.Element {
    const live = useCase(id);
    return <Loaded of={live}>{(c) => <Summary c={c} />}</Loaded>;
}

export function Consult({ rest }: { rest: string[] }): JSX.Element {
    return <One key={rest[0]} id={rest[0] ?? ''} />;
}
