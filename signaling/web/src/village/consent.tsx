// SPDX-License-Identifier: Apache-2.0
// Consent of a case that was sent: what is in force per purpose, what can still be signed (an emergency's, recording,
// teaching), and withdrawal with who and why. What was signed goes up before the consent that names it.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { go } from '../app/router';
import { account } from '../app/session';
import { patientWords, useCase } from '../case/case';
import { useKept } from '../keep/kept';
import type { NewItem } from '../outbox/outbox';
import { outboxItems, post } from '../outbox/start';
import { OutboxBar } from '../outbox/view';
import { common } from '../text/common';
import { language, when } from '../text/text';
import { Button, Dialog, Field, Loaded, useLoad } from '../ui/ui';
import type { Params, Result } from '../wire/connection';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { act } from './acts';
import { namesOfCase } from './attach';
import { TextView, loadConsentText, type ConsentText } from './consenttext';
import { uploadsOf } from './drafts';
import { words as form } from './formtext';
import { OWN_CONSENT_AGE, clean, type Attached } from './request';
import { SignedBy, boundTo, dropSigned, isWhole, useBound, type Signing } from './signing';
import { SignerFields } from './stepsask';
import { words } from './text';
import './village.css';

type Consents = Result<'consent.get'>;
type Purpose = Params<'consent.give'>['purposes'][number];
const PURPOSES: Purpose[] = ['care', 'share', 'recording', 'teaching'];
const WARN: Record<Purpose, 'withdrawCare' | 'withdrawShare' | 'withdrawRecording' | 'withdrawTeaching'> = { care: 'withdrawCare', share: 'withdrawShare', recording: 'withdrawRecording', teaching: 'withdrawTeaching' };

const relationWords = (r: string): string => (['self', 'guardian', 'spouse', 'child', 'parent', 'relative'].includes(r) ? form(`relation.${r}` as 'relation.self') : r);

const HOW = { electronic: 'by.electronic', written: 'by.written', fingerprint: 'by.fingerprint', voice: 'by.voice' } as const;
const WITH = { electronic: 'withDrawing', written: 'withPhoto', fingerprint: 'withPhoto', voice: 'withRecord' } as const;

/** How it was given and what shows it: never "signed" without anything. */
function howWords(one: Consents['consents'][number]): string {
    const how = one.how && one.how in HOW ? (one.how as keyof typeof HOW) : undefined;
    if (!how) return words('by.none');
    return `${words(HOW[how])}${words(one.materialId ? WITH[how] : 'notThere')}${one.witness ? words('byWitness', { name: one.witness }) : ''}`;
}

function Standing({ c, consents, again }: { c: Consultation; consents: Consents; again(): void }): JSX.Element {
    const [asked, setAsked] = useState<Purpose | null>(null);
    const { value: { reason, ...signer }, ready, set, forget } = useKept(`form/withdraw/${c.id}`, { reason: '', signer: c.patient?.name ?? '', relation: 'self' });
    const withdraw = async (): Promise<void> => {
        await act(c.id, 'withdraw', 'consent.withdraw', { consultationId: c.id, purposes: [asked!], by: { name: clean(signer.signer), relation: signer.relation }, reason: clean(reason) });
        setAsked(null);
        await forget();
        again();
    };
    const last = (p: Purpose): Consents['consents'][number] | undefined => consents.consents.filter((one) => one.purpose === p).at(-1);
    return <>
        <ul class="village-rows">{PURPOSES.map((p) => {
            const one = last(p);
            const state = consents.allows[p] ? words('inForce') : one?.refused ? words('refused') : one?.withdrawn ? words('withdrawn') : words('notGiven');
            return <li key={p} class="card village-todo"><div><strong>{form(`purpose.${p}`)}</strong><br />
                <span class={`tag ${consents.allows[p] ? 'good' : ''}`}>{consents.allows[p] ? '✓ ' : ''}{state}</span> {one && <small class="muted">{words('given', { name: one.signer.name, relation: relationWords(one.signer.relation), time: when(one.givenAt), how: howWords(one) })}{one.withdrawn && ` · ${one.withdrawn.reason}`}</small>}</div>
                {consents.allows[p] && <Button look="danger" label={`${words('withdraw')}: ${form(`purpose.${p}`)}`} onClick={() => setAsked(p)}>{words('withdraw')}</Button>}</li>;
        })}</ul>
        <Dialog open={asked !== null} title={asked ? words('withdrawSure', { what: form(`purpose.${asked}`) }) : ''} onClose={() => setAsked(null)}>
            {asked && <p class="note warn">{words(WARN[asked])}</p>}
            {ready && <><SignerFields {...signer} child={(c.patient?.ageYears ?? 99) < OWN_CONSENT_AGE} onChange={set} />
                <Field label={words('withdrawWhy')}><textarea maxLength={500} value={reason} onInput={(e) => set({ reason: e.currentTarget.value })} /></Field></>}
            <div class="buttons"><Button look="danger primary" disabled={!clean(reason) || !clean(signer.signer)} onClick={withdraw}>{words('withdraw')}</Button><Button onClick={() => setAsked(null)}>{common('cancel')}</Button></div>
        </Dialog>
    </>;
}

interface Giving { purposes: Purpose[]; who: { signer: string; relation: string }; signing: Signing; text: string; told: boolean; late: string }
const NOTHING: Giving = { purposes: [], who: { signer: '', relation: 'self' }, signing: { how: 'electronic', drawn: undefined, paper: [], witness: '' }, text: '', told: false, late: '' };

/** The picture of what was signed, then the consent that names it. */
function itemsOf(c: Consultation, text: ConsentText, { purposes, who, signing: { how, drawn, paper, witness }, late }: Giving): NewItem[] {
    const shown: Attached[] = how === 'electronic' && drawn ? [{ file: drawn, what: 'signature' }] : paper;
    const uploads = uploadsOf(shown, c.id, c.id).filter((i) => i.what !== 'preview');
    const first = uploads[0];
    const params = {
        consultationId: c.id, purposes, textVersion: text.version, language: text.language, textSha256: text.sha256, feesTold: true, contentTold: true,
        signer: { name: clean(who.signer), relation: who.relation }, how, givenAt: new Date().toISOString(),
        ...(clean(witness) ? { witness: clean(witness) } : {}), ...(clean(late) ? { lateReason: clean(late) } : {}),
        ...(first ? { materialId: { $from: first.id!, at: 'materialId' } } : {}),
    };
    return [...uploads, { group: c.id, what: 'consent', needs: first ? [first.id!] : [], task: { kind: 'call', method: 'consent.give', params } }];
}

function Give({ c, consents }: { c: Consultation; consents: Consents }): JSX.Element {
    const open = PURPOSES.filter((p) => !consents.allows[p]);
    const text = useLoad(loadConsentText, [language.value]);
    const { value: form_, ready, set, forget } = useKept<Giving>(`form/consent/${c.id}`, NOTHING);
    const { purposes, who, signing, told, late } = form_;
    const shown = boundTo(text.value);
    const changed = useBound(shown, form_.text, signing.drawn !== undefined || signing.paper.length > 0, () => { dropSigned(signing.drawn, signing.paper); set({ signing: { ...signing, drawn: undefined, paper: [] } }); });
    const isLate = c.startedAt !== undefined && purposes.some((p) => p === 'care' || p === 'share');
    const child = (c.patient?.ageYears ?? 99) < OWN_CONSENT_AGE;
    const whole = purposes.length > 0 && clean(who.signer) && told && isWhole(signing) && form_.text === shown && (!isLate || clean(late)) && (!child || who.relation !== 'self');
    const toggle = (p: Purpose): void => set({ purposes: purposes.includes(p) ? purposes.filter((one) => one !== p) : [...purposes, p] });
    if (!open.length) return <p class="note good">✓ {words('allGiven')}</p>;
    if (!ready) return <p role="status" class="muted">{common('loading')}</p>;
    return <Loaded of={text}>{(t) => <>
        <p>{form('consentHint')}</p>
        <TextView text={t} />
        <fieldset class="village-cards"><legend>{words('giveMore')}</legend>
            {open.map((p) => <label key={p}><input type="checkbox" checked={purposes.includes(p)} onChange={() => toggle(p)} /><span><strong>{form(`purpose.${p}`)}</strong></span></label>)}
            <label><input type="checkbox" checked={told} onChange={(e) => set({ told: e.currentTarget.checked })} /><span><strong>{form('told')}</strong></span></label>
        </fieldset>
        <SignerFields {...who} child={child} onChange={(w) => set({ who: { ...who, ...w } })} />
        {isLate && <Field label={words('late')}><textarea maxLength={500} value={late} onInput={(e) => set({ late: e.currentTarget.value })} /></Field>}
        <SignedBy key={shown} slot={c.id} changed={changed} held={() => namesOfCase(c.id)} signing={signing} onChange={(w) => set({ signing: { ...signing, ...w }, text: shown })} />
        <Button look="primary huge" disabled={!whole} onClick={async () => { await post(itemsOf(c, t, form_)); await forget(); go('case', c.id); }}>{words('give')}</Button>
    </>}</Loaded>;
}

function Consent({ c }: { c: Consultation }): JSX.Element {
    const consents = useLoad(() => server.call('consent.get', { consultationId: c.id }), [c.id]);
    const waiting = outboxItems.value.filter((i) => i.group === c.id).length;
    useEffect(() => { consents.again(); }, [waiting, c.revision]);
    const mine = account.value?.id === c.applicant.id;
    return <div class="village-form">
        <h1>{words('consentPage')}</h1><p>{patientWords(c.patient)}</p>
        <OutboxBar group={c.id} />
        <h2>{words('consentNow')}</h2>
        <Loaded of={consents}>{(all) => <>
            <Standing c={c} consents={all} again={consents.again} />
            <h2>{words('giveMore')}</h2>
            {mine ? <Give c={c} consents={all} /> : <p class="note">{words('noCaseRight')}</p>}
        </>}</Loaded>
    </div>;
}

export function ConsentPage({ rest }: { rest: string[] }): JSX.Element {
    const live = useCase(rest[0] ?? '');
    return <Loaded of={live}>{(c) => <Consent c={c} />}</Loaded>;
}
