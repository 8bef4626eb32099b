// SPDX-License-Identifier: Apache-2.0
// Screens of the guided form that ask how, whom, when, and for consent; then the check before sending.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { SpecialtyName, loadSpecialties } from '../case/case';
import { common } from '../text/common';
import { language } from '../text/text';
import { Button, Choices, Field, Loaded, useLoad } from '../ui/ui';
import { server } from '../wire/server';
import { TextView, loadConsentText } from './consenttext';
import { words } from './formtext';
import { loadPanels, type Panel } from './panels';
import { FreeSlots } from './slots';
import { OWN_CONSENT_AGE, VITALS, ageOf, isSigned, localTime, missingOf, stepFor, unitWords, vitalWrong, type Kind, type Step, type Urgency } from './request';
import { words as villageWords } from './text';
import { SignedBy, boundTo, dropSigned, useBound, type Signing } from './signing';
import { Quick, TextArea, added, list, type StepProps } from './steps';

const KINDS: Exclude<Kind, 'emergency'>[] = ['live', 'guidance', 'reading', 'mdt', 'joint_clinic'];
const URGENCIES: Urgency[] = ['routine', 'urgent', 'emergency'];
const TIMES_MAX = 8;
const RELATIONS = ['self', 'guardian', 'spouse', 'child', 'parent', 'relative'] as const;

export function HowStep({ e }: StepProps): JSX.Element {
    const f = e.draft.value.fields;
    return <>
        <fieldset class="village-cards" disabled={e.draft.value.returned ?? false}><legend>{words('kind')}</legend>{KINDS.map((k) => <label key={k}><input type="radio" name="village-kind" checked={f.kind === k} onChange={() => e.fields({ kind: k })} /><span><strong>{common(`kind.${k}`)}</strong><small>{words(`about.${k}`)}</small></span></label>)}</fieldset>
        <Choices label={words('urgency')} value={f.urgency} options={URGENCIES.map((u) => [u, `${common(`urgency.${u}`)} · ${words(`urgency.about.${u}`)}`])} onChange={(urgency) => e.fields({ urgency })} />
        <TextArea e={e} field="purpose" label={words('purpose')} rows={2} />
        <Quick label={words('quick')} options={list('purpose.list')} onPick={(o) => e.fields({ purpose: added(f.purpose, o) })} />
    </>;
}

function panelDuty(p: Panel): JSX.Element {
    return <small>{words(`level.${p.level as 1}`)} · {p.institution.name} · <SpecialtyName id={p.specialty} /> · {p.onDuty > 0 ? <b class="village-on">● {words('onDuty', { n: p.onDuty })}</b> : <span>○ {words('offDuty')}</span>}{p.agreed === false && ` · ${words('notAgreed')}`}</small>;
}

export function WhomStep({ e }: StepProps): JSX.Element {
    const f = e.draft.value.fields;
    const panels = useLoad(() => loadPanels(f.kind), [f.kind, server.state.value]);
    const specialties = useLoad(loadSpecialties, []);
    const shown = (all: Panel[]): Panel[] => all.filter((p) => !f.specialty || p.specialty === f.specialty);
    const more = (id: string): void => e.fields({ morePanels: f.morePanels.includes(id) ? f.morePanels.filter((p) => p !== id) : [...f.morePanels, id].slice(0, 8) });
    return <>
        <Field label={words('specialty')}><select value={f.specialty} onChange={(ev) => e.fields({ specialty: ev.currentTarget.value, panelId: '', panelName: '' })}>
            <option value="">{words('anySpecialty')}</option>
            {(specialties.value ?? []).map((s) => <option key={s.id} value={s.id}>{language.value === 'en' ? s.en : s.zh}</option>)}</select></Field>
        <Loaded of={panels}>{({ panels: all, old }) => <>
            {old && <p class="note warn" role="status">{words('panelsOld')}</p>}
            <fieldset class="village-cards"><legend>{words('panels')}</legend>
                {f.specialty && <label><input type="radio" name="village-panel" checked={!f.panelId} onChange={() => e.fields({ panelId: '', panelName: '' })} /><span><strong>{words('bySpecialty')}</strong></span></label>}
                {shown(all).map((p) => <label key={p.id}><input type="radio" name="village-panel" checked={f.panelId === p.id} disabled={p.agreed === false} onChange={() => e.fields({ panelId: p.id, panelName: `${p.name} · ${p.institution.name}` })} /><span><strong>{p.name}</strong>{panelDuty(p)}</span></label>)}
            </fieldset>
            {shown(all).length === 0 && <p class="note warn">{words('noPanels')}</p>}
            {f.kind === 'mdt' && <fieldset class="village-cards"><legend>{words('morePanels')}</legend>{all.filter((p) => p.id !== f.panelId && p.agreed !== false).map((p) => <label key={p.id}><input type="checkbox" checked={f.morePanels.includes(p.id)} onChange={() => more(p.id)} /><span><strong>{p.name}</strong>{panelDuty(p)}</span></label>)}</fieldset>}
        </>}</Loaded>
        <Field label={words('wantedTitle')} hint={`${words('optional')} · ${words('wantedHint')}`}><input maxLength={80} value={f.wantedTitle} onInput={(ev) => e.fields({ wantedTitle: ev.currentTarget.value })} /></Field>
    </>;
}

export function TimesStep({ e }: StepProps): JSX.Element {
    const { panelId } = e.draft.value.fields;
    const times = e.draft.value.fields.times.length ? e.draft.value.fields.times : [''];
    const set = (i: number, value: string): void => e.fields({ times: times.map((t, n) => (n === i ? value : t)) });
    const pick = (t: string): void => e.fields({ times: (times.includes(t) ? times.filter((one) => one !== t) : [...times, t]).filter(Boolean).slice(0, TIMES_MAX) });
    return <>
        <p class="muted">{words('timesHint')}</p>
        {panelId && <><h2>{villageWords('slotsFree')}</h2><FreeSlots panelId={panelId} chosen={(s) => times.includes(localTime(s.start))} onPick={(s) => pick(localTime(s.start))} /></>}
        {times.map((t, i) => <Field key={i} label={words('time', { n: i + 1 })} wrong={t && Date.parse(t) < Date.now() ? words('timePast') : undefined}><input type="datetime-local" class="village-short" value={t} onInput={(ev) => set(i, ev.currentTarget.value)} /></Field>)}
        {times.length < TIMES_MAX && <Button onClick={() => e.fields({ times: [...times, ''] })}>＋ {words('addTime')}</Button>}
    </>;
}

/** Who signs and in what relation; a child's guardian is asked for. */
export function SignerFields({ signer, relation, child, onChange }: { signer: string; relation: string; child: boolean; onChange(with_: { signer?: string; relation?: string }): void }): JSX.Element {
    return <>
        {child && relation === 'self' && <p class="note warn" role="alert">{words('childNote', { n: OWN_CONSENT_AGE })}</p>}
        <Choices label={words('relation')} value={relation as 'self'} options={RELATIONS.filter((r) => !child || r !== 'self').map((r) => [r, words(`relation.${r}`)])} onChange={(r) => onChange({ relation: r })} />
        <Field label={words('signer')}><input autocomplete="off" maxLength={80} value={signer} onInput={(ev) => onChange({ signer: ev.currentTarget.value })} /></Field>
    </>;
}

export function ConsentStep({ e }: StepProps): JSX.Element {
    const { fields: f, signature, paper = [], id } = e.draft.value;
    const text = useLoad(loadConsentText, [language.value, server.state.value]);
    const shown = boundTo(text.value);
    const sign = ({ drawn, paper: photos, ...said }: Partial<Signing>, cleared: boolean): void => {
        const { signature: before, ...rest } = e.draft.value;
        const now = cleared ? drawn : before;
        e.draft.value = rest;
        e.set({ ...(now ? { signature: now } : {}), ...(photos ? { paper: photos } : {}), fields: { ...rest.fields, ...said } });
    };
    const changed = useBound(shown, f.textVersion && `${f.textVersion}/${f.language}`, signature !== undefined || paper.length > 0, () => { dropSigned(signature, paper); sign({ drawn: undefined, paper: [] }, true); });
    useEffect(() => {
        const t = text.value;
        if (t && (f.textVersion !== t.version || f.language !== t.language)) e.fields({ textVersion: t.version, language: t.language as 'en' });
    }, [text.value]);
    const age = ageOf(f.age);
    const child = age !== undefined && age < OWN_CONSENT_AGE;
    const tick = (on: boolean): void => e.fields({ share: on, signer: f.signer || (f.relation === 'self' && !child ? f.name : '') });
    return <>
        <p>{words('consentHint')}</p>
        <Loaded of={text}>{(t) => <TextView text={t} />}</Loaded>
        <fieldset class="village-cards"><legend>{words('consent')}</legend>
            <label><input type="checkbox" checked={f.share} onChange={(ev) => tick(ev.currentTarget.checked)} /><span><strong>{words('purpose.care')} · {words('purpose.share')}</strong><small>{words('mustShare')} · {words('told')}</small></span></label>
            <label><input type="checkbox" checked={f.recording} onChange={(ev) => e.fields({ recording: ev.currentTarget.checked })} /><span><strong>{words('purpose.recording')}</strong><small>{words('optional')}</small></span></label>
            <label><input type="checkbox" checked={f.teaching} onChange={(ev) => e.fields({ teaching: ev.currentTarget.checked })} /><span><strong>{words('purpose.teaching')}</strong><small>{words('optional')}</small></span></label>
        </fieldset>
        <SignerFields signer={f.signer} relation={f.relation} child={child} onChange={(w) => e.fields({ ...w, ...(w.relation === 'self' && !f.signer ? { signer: f.name } : {}) })} />
        {shown && <SignedBy key={shown} slot={id} changed={changed} held={async () => e.draft.value.files.map((a) => a.file.name)} signing={{ how: f.how ?? 'electronic', drawn: signature, paper, witness: f.witness }} onChange={(w) => sign(w, 'drawn' in w)} />}
    </>;
}

const MISSING: Record<string, () => string> = {
    'patient.name': () => words('name'), 'patient.sex': () => words('sex'), 'patient.ageYears': () => words('age'), complaint: () => common('field.complaint'), purpose: () => words('purpose'),
    history: () => common('field.history'), results: () => common('field.results'), diagnosis: () => common('field.diagnosis'), treatment: () => common('field.treatment'), allergy: () => common('field.allergy'),
    urgency: () => words('urgency'), panelId: () => words('panelId'), wantedTitle: () => words('wantedTitle'), candidateTimes: () => words('candidateTimes'), materials: () => words('materials'), 'consent.share': () => words('consent.share'),
    'consent.relation': () => words('consent.relation'), 'consent.signature': () => words('consent.signature'), 'consent.witness': () => words('consent.witness'), 'candidateTimes.past': () => words('candidateTimes.past'),
};

export const missingWords = (name: string): string => MISSING[name]?.() ?? name;

/** On each screen: how much is still missing, and the way to the list of it. */
export function StillMissing({ n, onGo }: { n: number; onGo(step: Step): void }): JSX.Element | null {
    return n > 0 ? <Button look="quiet" onClick={() => onGo('send')}>{words('stillMissing', { n })}</Button> : null;
}

function Line({ step, children, onGo }: { step: Step; children: string; onGo(step: Step): void }): JSX.Element {
    return <li><span class="muted">{words(`step.${step}`)}</span><span class="village-check">{children || '—'}</span><Button look="quiet" label={`${words('changeIt')}: ${words(`step.${step}`)}`} onClick={() => onGo(step)}>{words('changeIt')}</Button></li>;
}

export function SendStep({ e, steps, onGo, onDiscard }: StepProps & { steps: Step[]; onGo(step: Step): void; onDiscard(): void }): JSX.Element {
    const { draft } = e;
    const f = draft.value.fields;
    const missing = missingOf(draft.value);
    const panels = useLoad(() => (f.panelId && !f.panelName ? loadPanels(f.kind) : Promise.resolve(undefined)), [f.kind, f.panelId, f.panelName]); // begun elsewhere
    const said: Record<Step, string> = {
        who: [f.name, f.sex && common(`sex.${f.sex}`), f.age && common('years', { n: f.age })].filter(Boolean).join(' · '), complaint: f.complaint,
        how: [common(`kind.${f.kind}`), common(`urgency.${f.urgency}`), f.purpose].filter(Boolean).join(' · '), whom: f.panelName || panels.value?.panels.find((p) => p.id === f.panelId)?.name || (f.panelId ? (panels.error ? f.panelId : common('loading')) : '') || (f.specialty ? words('bySpecialty') : ''),
        record: [f.history, f.allergy, f.treatment, f.results, f.diagnosis].filter(Boolean).join(' · '), vitals: VITALS.filter((v) => draft.value.vitals[v.code]?.trim()).map((v) => `${words(`vital.${v.code}`)} ${draft.value.vitals[v.code]} ${unitWords(v)}`).join(' · '),
        files: draft.value.files.length ? words('filesCount', { n: draft.value.files.length }) : '', times: f.times.filter(Boolean).map((t) => t.replace('T', ' ')).join(' · '),
        consent: f.share && f.signer ? `${f.signer} · ${words(`relation.${f.relation}` as 'relation.self')}${isSigned(draft.value) ? ` · ${words('signed')}` : ''}` : '', send: '',
    };
    return <>
        {missing.length ? <div class="note warn" role="status"><strong>{words('missing')}</strong><div class="buttons">{missing.map((m) => <Button key={m} onClick={() => onGo(stepFor(m))}>{missingWords(m)}</Button>)}</div></div> : <p class="note good" role="status">✓ {words('complete')}</p>}
        {VITALS.some((v) => vitalWrong(v, draft.value.vitals[v.code] ?? '')) && <div class="note bad" role="alert">{words('vitalsLeftOut')} <Button onClick={() => onGo('vitals')}>{words('changeIt')}</Button></div>}
        <ul class="village-summary">{steps.filter((s) => s !== 'send').map((s) => <Line key={s} step={s} onGo={onGo}>{said[s]}</Line>)}</ul>
        {server.state.value !== 'ready' && <p class="note warn" role="status">{words('sendOffline')}</p>}
        <div class="buttons"><Button look="danger quiet" onClick={onDiscard}>{words('discard')}</Button></div>
    </>;
}
