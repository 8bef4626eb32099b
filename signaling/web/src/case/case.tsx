// SPDX-License-Identifier: Apache-2.0
// What all roles show of one case: facts, state in words, what happens next, course, people. Each shows what the server
// gave this account of it, and leaves out what it did not; nothing here acts on a case.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { account, keep } from '../app/session';
import { common } from '../text/common';
import { language, when } from '../text/text';
import { useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { OVER, courseOf, nextWords, reasonWords, spanWords, stateWords } from './state';
import { words } from './text';
import './case.css';

export { CALLABLE, OPINION, OVER, nextWords, reasonWords, spanWords, stateWords } from './state';
export { remember, useCase, watchCases } from './live';

// ---- specialties ----

interface Specialty { id: string; zh: string; en: string }
let specialties: Promise<Specialty[]> | null = null;

/** The directory's list, asked once a page. */
export function loadSpecialties(): Promise<Specialty[]> {
    specialties ??= askSpecialties().catch((error) => { specialties = null; throw error; });
    return specialties;
}

const SPECIALTIES_MS = 24 * 60 * 60 * 1000; // the list changes with the server's program; half of what a start would ask for

/** As last seen on this machine while that is young, or the network is away. */
async function askSpecialties(): Promise<Specialty[]> {
    const kept = await keep.value?.get<{ at: number; all: Specialty[] }>('specialty-names');
    if (kept && (server.state.value !== 'ready' || Date.now() - kept.at < SPECIALTIES_MS)) return kept.all;
    const { specialties: all } = await server.call('directory.specialties', {});
    await keep.value?.put('specialty-names', { at: Date.now(), all });
    return all;
}

export function SpecialtyName({ id }: { id: string }): JSX.Element {
    const { value } = useLoad(loadSpecialties, []);
    const found = value?.find((one) => one.id === id);
    return <>{found ? (language.value === 'en' ? found.en : found.zh) : id}</>;
}

// ---- state ----

const STATE_LOOK: Partial<Record<Consultation['state'], string>> = { returned: 'urgent', delivered: 'urgent', follow_up_due: 'urgent', interrupted: 'urgent', accepted: 'good', ready: 'good', in_progress: 'good', archived: '', refused: 'urgent', expired: 'urgent', no_show: 'urgent' };

/** State, urgency where it is not routine, and a critical value, as tags with words. */
export function StateWords({ consultation: c }: { consultation: Consultation }): JSX.Element {
    return <span class="case-state">
        <span class={`tag ${STATE_LOOK[c.state] ?? ''}`}>{stateWords(c)}</span>
        {c.urgency !== 'routine' && <span class={`tag ${c.urgency}`}>{common(`urgency.${c.urgency}`)}</span>}
        {c.critical && <span class={`tag ${c.critical === 'raised' ? 'emergency' : 'urgent'}`}>{words(`critical.${c.critical}`)}</span>}
    </span>;
}

/** Counts down to `until` each second. */
export function Countdown({ until }: { until: string }): JSX.Element {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 1000);
        return () => clearInterval(timer);
    }, [until]);
    const left = Date.parse(until) - now;
    return <span class={`case-left ${left < 0 ? 'over' : ''}`} role="timer" title={words('until', { time: when(until) })}>{left < 0 ? words('over') : words('left', { time: spanWords(left) })}</span>;
}

/** What happens next, who is coming and until when. */
export function CaseNext({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const ringing = (c.members ?? []).filter((m) => m.ring === 'ringing');
    const names = ringing.map((m) => m.account.name).join('、');
    return <div class="case-next" aria-live="polite">
        <span>{nextWords(c)}</span> {!OVER.has(c.state) && c.deadlineAt && <Countdown until={c.deadlineAt} />}
        {ringing.length > 0 && <div class="muted">{words('ringing', { names })}</div>}
        {c.reason && (OVER.has(c.state) || c.state === 'returned' || c.state === 'opinion_drafted') && <div class="note warn">{reasonWords(c.reason)}</div>}
        {c.slot && <div>{words('slot')}{language.value === 'en' ? ': ' : '：'}{when(c.slot.start)}</div>}
        {c.backfill && c.backfill.state !== 'done' && <div class={`note ${c.backfill.state === 'overdue' ? 'bad' : 'warn'}`}>{words('backfill')}{language.value === 'en' ? ': ' : '：'}{c.backfill.left.map((one) => words(`backfill.${one}`)).join(language.value === 'en' ? ', ' : '、')} {c.backfill.state === 'overdue' ? words('backfill.overdue') : c.backfill.dueAt && words('dueAt', { time: when(c.backfill.dueAt) })}</div>}
    </div>;
}

// ---- facts ----

type Text = 'complaint' | 'purpose' | 'history' | 'results' | 'diagnosis' | 'treatment' | 'allergy';
const TEXTS: Text[] = ['complaint', 'purpose', 'history', 'results', 'diagnosis', 'treatment', 'allergy'];

export function patientWords(patient: Consultation['patient']): string {
    if (!patient) return '';
    const parts = [patient.name ?? words('anonymous'), patient.sex && common(`sex.${patient.sex}`), patient.ageYears !== undefined && common('years', { n: patient.ageYears })];
    return parts.filter(Boolean).join(language.value === 'en' ? ', ' : '，');
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element | null {
    return children ? <><dt>{name}</dt><dd>{children}</dd></> : null;
}

/** Who, what and why on one screen; what was left empty is named in one line. */
export function CaseFacts({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const written = TEXTS.filter((t) => c[t]);
    const empty = c.complaint === undefined ? [] : TEXTS.filter((t) => !c[t]);
    return <dl class="facts">
        <Fact name={words('who')}>{patientWords(c.patient)}</Fact>
        <Fact name={common('field.patient.idNumber')}>{c.patient?.idNumber}</Fact>
        <Fact name={words('location')}>{c.location}</Fact>
        {written.map((t) => <Fact key={t} name={common(`field.${t}`)}>{c[t]}</Fact>)}
        <Fact name={words('notWritten')}>{empty.map((t) => common(`field.${t}`)).join(language.value === 'en' ? ', ' : '、')}</Fact>
        <Fact name={words('kind')}>{common(`kind.${c.kind}`)}</Fact>
        <Fact name={words('from')}>{`${c.applicant.name} · ${c.applicant.institution.name}${c.department ? ` · ${c.department}` : ''}`}</Fact>
        <Fact name={words('to')}>{c.panel.name}{c.specialty && <> · <SpecialtyName id={c.specialty} /></>}</Fact>
        <Fact name={words('specialist')}>{c.specialist && `${c.specialist.name} · ${c.specialist.institution.name}`}</Fact>
        <Fact name={words('wantedTitle')}>{c.wantedTitle}</Fact>
        <Fact name={words('times')}>{c.candidateTimes?.length ? c.candidateTimes.map((t) => when(t.start)).join(' / ') : ''}</Fact>
        <Fact name={words('submittedAt')}>{when(c.submittedAt)}</Fact>
    </dl>;
}

// ---- people and course ----

/** Who takes part, in words: rung, accepted, in the call, signed. */
export function CaseMembers({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const here = (id: string): boolean => c.present.includes(id);
    return <ul class="case-people">
        <li><strong>{c.applicant.name}</strong><span class="muted">{words('role.applicant')} · {c.applicant.institution.name}</span>{here(c.applicant.id) && <span class="tag good">{words('inCall')}</span>}{c.ready && <span class="tag">{words('isReady')}</span>}</li>
        {(c.members ?? []).map((m) => <li key={m.account.id}><strong>{m.account.name}</strong><span class="muted">{words(`role.${m.role}`)} · {m.account.institution.name}</span>
            <span class="tag">{words(`ring.${m.ring}`)}</span>
            {here(m.account.id) && <span class="tag good">{words('inCall')}</span>}{m.ready && <span class="tag">{words('isReady')}</span>}{m.signed && <span class="tag good">{words('signed')}</span>}{m.excused && <span class="tag">{words('excused')}</span>}</li>)}
    </ul>;
}

/** What happened, oldest first, with what people wrote; then where it stands. */
export function CaseTimeline({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const people = [c.applicant, ...(c.specialist ? [c.specialist] : []), ...(c.members ?? []).map((m) => m.account)];
    const nameOf = (id: string): string => (id === account.value?.id ? account.value.name : people.find((p) => p.id === id)?.name ?? '');
    return <ol class="case-line">
        {courseOf(c, nameOf).map((step, i) => <li key={i} class={step.look ?? ''}><time dateTime={step.at}>{when(step.at)}</time><strong>{step.title}</strong>{step.text && <p>{step.text}</p>}</li>)}
        <li class="now"><strong>{stateWords(c)}</strong><p>{nextWords(c)}</p></li>
    </ol>;
}
