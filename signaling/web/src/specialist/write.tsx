// SPDX-License-Identifier: Apache-2.0
// Writing and signing: the case and its materials beside the opinion. What is typed is kept as it is typed (drafting.ts);
// signing shows what is signed and asks once.
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { go } from '../app/router';
import { account, keep } from '../app/session';
import { CaseFacts, CaseTimeline, Countdown, OPINION, StateWords, patientWords, remember, useCase } from '../case/case';
import { BesidePreview, MembersBox, besideToWire, expertsOf, ownSigned, waitedFor } from '../opinion/conclusion';
import type { OpinionRow } from '../opinion/document';
import { fromText, toWire, type Draft } from '../opinion/draft';
import { Drafting } from '../opinion/drafting';
import { DraftStatus, OpinionEditor } from '../opinion/editor';
import { words as editing } from '../opinion/editor_text';
import { OpinionReader } from '../opinion/reader';
import { Referrals } from '../opinion/referral';
import { SignDialog } from '../opinion/sign';
import { SaveTemplate, TemplatesDialog } from '../opinion/templates_box';
import { common } from '../text/common';
import { useShortcuts } from '../ui/shortcuts';
import { Button, Dialog, Field, Loaded, errorText, toast, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { ConsentScope } from './consent';
import { isAuthor, isChair, mayEnter, maySign, mayWrite } from './due';
import { useFresh } from './paging';
import { ReadingTools } from './reading_tools';
import { Materials } from './materials';
import { words } from './text';
import './specialist.css';

type Part = 'case' | 'materials' | 'course';

/** The draft of this account: its first version, or the one after `former`. */
function makeDrafting(c: Consultation, former: OpinionRow | undefined, start: Draft | undefined): Drafting {
    const load = async (): Promise<Draft | null> => {
        const { opinions } = await server.call('opinion.list', { consultationId: c.id });
        const mine = opinions.find((o) => !o.signed && o.author.id === account.value?.id && (former ? o.supersedes === former.id : !o.supersedes));
        if (!mine) return null;
        return fromText((await server.call('opinion.get', { consultationId: c.id, opinionId: mine.id })).opinion.text);
    };
    const save = async (draft: Draft): Promise<void> => {
        await server.call('opinion.save', { consultationId: c.id, opinion: toWire(draft), ...(former ? { supersedes: former.id } : {}) });
        if (c.kind === 'reading') refreshClaim(c.id);
    };
    const later = (action: () => void, ms: number): (() => void) => { const timer = setTimeout(action, ms); return () => clearTimeout(timer); };
    return new Drafting({ keep: keep.value!, load, save, later }, `opinion/${c.id}/${former?.id ?? 'first'}`, start);
}

const CLAIM_LOOK_MS = 20_000;
let claimLooked = 0;

/** Each draft prolongs the claim; how long it lasts now is told to nobody by itself. */
function refreshClaim(id: string): void {
    if (Date.now() - claimLooked < CLAIM_LOOK_MS) return;
    claimLooked = Date.now();
    server.call('consultation.get', { id }).then(({ consultation }) => remember(consultation), () => undefined);
}

async function claimAgain(id: string): Promise<void> {
    remember((await server.call('worklist.claim', { id })).consultation);
}

/** One signature: an opinion, a conclusion, or the version after one. */
async function sign(c: Consultation, of: Drafting, former: OpinionRow | undefined, chair: boolean): Promise<void> {
    const consultationId = c.id;
    const opinion = toWire(of.draft.value);
    const beside = besideToWire(of.beside.value, expertsOf(c));
    if (former) await server.call('opinion.supersede', { consultationId, opinionId: former.id, opinion, reason: of.beside.value.reason.trim(), ...(chair && beside.dissent ? { dissent: beside.dissent } : {}) });
    else if (chair) await server.call('opinion.conclude', { consultationId, opinion, ...beside });
    else {
        if (c.kind === 'reading' && c.state === 'accepted') await server.call('opinion.save', { consultationId, opinion }); // the first draft makes a claimed one a written one
        await server.call('opinion.sign', { consultationId, opinion });
    }
    await of.discard();
    toast(editing('signed'), 'good');
}

function EndCall({ c }: { c: Consultation }): JSX.Element {
    const [open, setOpen] = useState(false);
    const end = async (): Promise<void> => {
        remember((await server.call('consultation.end', { id: c.id })).consultation);
        setOpen(false);
    };
    const begun = c.state === 'in_progress' || c.state === 'interrupted'; // ended before, it would be cancelled
    return <div class="note warn">{editing('callFirst')}
        <div class="buttons">{mayEnter(c, Date.now()) && <Button look="primary" onClick={() => go('call', c.id)}>{words(begun ? 'backToCall' : 'enterCall')}</Button>}{begun && <Button look="danger" onClick={() => setOpen(true)}>{editing('endCall')}</Button>}</div>
        <Dialog open={open} title={editing('endCall')} onClose={() => setOpen(false)}><p>{editing('endCallAsk')}</p>
            <div class="buttons"><Button look="danger primary" onClick={end}>{editing('endCall')}</Button><Button onClick={() => setOpen(false)}>{common('cancel')}</Button></div></Dialog>
    </div>;
}

function Writing({ c, former, start, onDone }: { c: Consultation; former?: OpinionRow | undefined; start?: Draft | undefined; onDone(): void }): JSX.Element {
    const me = account.value?.id ?? '';
    const chair = isChair(c, me);
    const of = useMemo(() => makeDrafting(c, former, start), [c.id, former?.id]);
    const [shown, setShown] = useState<'templates' | 'save' | 'sign' | null>(null);
    useEffect(() => {
        void of.open();
        const off = server.onReload(() => void of.reload());
        return () => { off(); void of.flush().catch(() => undefined); of.close(); };
    }, [of]);
    const waits = chair && !former && waitedFor(of.beside.value, expertsOf(c)).length > 0;
    const inTime = former !== undefined || maySign(c);
    const may = inTime && !waits && !of.held() && (!former || of.beside.value.reason.trim() !== '');
    useShortcuts([{ keys: 'F4', what: editing('templates'), run: () => setShown('templates') }, ...(may ? [{ keys: 'Ctrl+Enter', what: editing('sign'), run: () => setShown('sign') }] : [])], [may]);
    const done = async (): Promise<void> => { await sign(c, of, former, chair); setShown(null); onDone(); };
    const close = (): void => setShown(null);
    if (of.state.value === 'opening') return <p role="status" class="muted">{editing('state.opening')}</p>; // a moment: what was kept is read
    return <section class="specialist-write" aria-label={editing(chair ? 'conclusion' : 'write')}>
        <div class="specialist-write-bar">
            <h2>{editing(former ? 'newVersion' : chair ? 'conclusion' : 'write')}</h2> <DraftStatus of={of} />
            <span class="buttons"><Button onClick={() => setShown('templates')}>{editing('templates')}</Button><Button look="quiet" onClick={() => setShown('save')}>{editing('saveTemplate')}</Button><Button look="primary" disabled={!may} onClick={() => setShown('sign')}>{editing('sign')}</Button>{former && <Button look="quiet" onClick={onDone}>{common('cancel')}</Button>}</span>
        </div>
        {of.state.value === 'refused' && of.error.value !== null && <p class="note warn">{editing('unsaved', { why: errorText(of.error.value) })}</p>}
        {!inTime && <EndCall c={c} />}
        {c.kind === 'reading' && !former && <ReadingTools c={c} of={of} />}
        {former && <><p class="note">{editing('newVersionWhy')}</p><Field label={editing('reason')}><textarea rows={2} maxLength={500} value={of.beside.value.reason} onInput={(e) => of.changeBeside({ reason: e.currentTarget.value })} /></Field></>}
        {c.kind === 'mdt' && !chair && <p class="note">{editing('yourOpinion')}</p>}
        {chair && <><MembersBox consultation={c} of={of} excusable={!former} /><details><summary>{editing('readOthers')}</summary><OpinionReader consultationId={c.id} /></details></>}
        <OpinionEditor of={of} reading={c.kind === 'reading'} live />
        <Referrals consultation={c} plan={of.draft.value.referral} mayPropose={c.kind !== 'mdt' || chair} />
        <TemplatesDialog open={shown === 'templates'} of={of} consultation={c} onClose={close} />
        <SaveTemplate open={shown === 'save'} of={of} specialty={c.specialty} onClose={close} />
        <SignDialog open={shown === 'sign'} of={of} title={editing(chair ? 'signConclusion' : 'signTitle')} reading={c.kind === 'reading'} onSign={done} onClose={close}>
            <BesidePreview beside={of.beside.value} experts={expertsOf(c)} chair={chair} superseding={former !== undefined} />
        </SignDialog>
    </section>;
}

/** What was signed; its author may replace it. */
function Signed({ c, row, onNew }: { c: Consultation; row: OpinionRow | undefined; onNew(row: OpinionRow, start: Draft): void }): JSX.Element {
    const begin = async (): Promise<void> => {
        const { opinion } = await server.call('opinion.get', { consultationId: c.id, opinionId: row!.id });
        onNew(row!, fromText(opinion.text));
    };
    return <section><OpinionReader consultationId={c.id} print={c} />
        {row && <div class="buttons"><Button onClick={begin}>{editing('newVersion')}</Button></div>}
        {isAuthor(c, account.value?.id ?? '') && <Referrals consultation={c} plan="" mayPropose={c.kind !== 'mdt' || isChair(c, account.value?.id ?? '')} />}
    </section>;
}

function Right({ c }: { c: Consultation }): JSX.Element {
    const me = account.value?.id ?? '';
    const [next, setNext] = useState<{ row: OpinionRow; start: Draft } | null>(null);
    const rows = useLoad(async () => (await server.call('opinion.list', { consultationId: c.id })).opinions, [c.id]);
    useFresh(rows.again, (one) => one.id === c.id);
    const mine = rows.value && ownSigned(rows.value, me);
    if (next) return <Writing c={c} former={next.row} start={next.start} onDone={() => { setNext(null); rows.again(); }} />;
    if (c.kind === 'reading' && c.state === 'routed') return <div class="note warn" role="alert">{words('claimEnded')}<div class="buttons"><Button look="primary" onClick={() => claimAgain(c.id)}>{words('claimAgain')}</Button></div></div>;
    if (!isAuthor(c, me)) return OPINION.has(c.state) ? <OpinionReader consultationId={c.id} print={c} /> : <p class="note">{editing('notYours')}</p>;
    if (!rows.value && !rows.error && server.state.value === 'ready') return <Loaded of={rows}>{() => null}</Loaded>;
    if (mine || OPINION.has(c.state)) return <Signed c={c} row={mine} onNew={(row, start) => setNext({ row, start })} />;
    if (mayWrite(c)) return <Writing c={c} onDone={rows.again} />; // also without the network: the draft is here
    return <Loaded of={rows}>{() => <p class="note">{editing('notNow')}</p>}</Loaded>;
}

function Left({ c }: { c: Consultation }): JSX.Element {
    const [part, setPart] = useState<Part>(c.kind === 'reading' ? 'materials' : 'case');
    const parts: [Part, string][] = [['case', words('caseTab')], ['materials', words('materials')], ['course', words('course')]];
    return <div class="specialist-left">
        <div class="specialist-tabs" role="group" aria-label={words('summary')}>{parts.map(([key, name]) => <Button key={key} look="quiet" pressed={part === key} onClick={() => setPart(key)}>{name}</Button>)}</div>
        {part === 'case' && <div class="card"><CaseFacts consultation={c} /><ConsentScope consultation={c} /></div>}
        {part === 'materials' && <Materials consultationId={c.id} />}
        {part === 'course' && <div class="card"><CaseTimeline consultation={c} /></div>}
    </div>;
}

function Page({ c }: { c: Consultation }): JSX.Element {
    return <div class="specialist-writing">
        <header class="specialist-head"><h1><a href={`#/consult/${c.id}`}>{patientWords(c.patient) || words('summary')}</a></h1><StateWords consultation={c} /> <span class="tag">{common(`kind.${c.kind}`)}</span> {c.kind !== 'reading' && c.deadlineAt && c.state === 'opinion_drafted' && <Countdown until={c.deadlineAt} />}</header>
        <div class="specialist-halves"><Left c={c} /><div class="specialist-right"><Right c={c} /></div></div>
    </div>;
}

function One({ id }: { id: string }): JSX.Element {
    const live = useCase(id);
    return <Loaded of={live}>{(c) => <Page c={c} />}</Loaded>;
}

export function Write({ rest }: { rest: string[] }): JSX.Element {
    return <One key={rest[0]} id={rest[0] ?? ''} />;
}
