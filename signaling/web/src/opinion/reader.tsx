// SPDX-License-Identifier: Apache-2.0
// The opinion as both sides read and print it: what counts first, each expert's after the conclusion, former versions
// on demand, with the server's check of each signature. Refuses to change anything.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { common } from '../text/common';
import { dated, when } from '../text/text';
import { Button, Loaded, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { TEXTS, signedPart, sortOut, type Opinion, type OpinionRow, type OpinionText, type Signed } from './document';
import { PaperHead, PaperSignatures } from './paper';
import { words } from './text';
import './opinion.css';

/** The fields that say something, as they are signed. */
export function OpinionBody({ text }: { text: Partial<OpinionText> }): JSX.Element {
    return <div class="opinion-body">
        {text.criticalReported && <div class="note bad"><strong>{words('critical')}</strong><p class="opinion-text">{text.criticalReported}</p></div>}
        {TEXTS.filter((f) => text[f]).map((f) => <section key={f}><h3>{words(`field.${f}`)}</h3><p class="opinion-text">{text[f]}</p></section>)}
        {!!text.diagnosisCodes?.length && <section><h3>{words('codes')}</h3><ul class="opinion-codes">{text.diagnosisCodes.map((c) => <li key={c.system + c.code}><strong>{c.code}</strong> {c.name} <small class="muted">{c.system}</small></li>)}</ul></section>}
        {!!text.followUpDays && <section><h3>{words('followUp')}</h3><p>{words('followUpIn', { n: text.followUpDays })}</p></section>}
        {text.reducedQuality && <div class="note warn">{words('reduced')}</div>}
    </div>;
}

/** Says in words whether the signature holds; never shows "good" before the server said so. */
function Check({ of }: { of: Opinion }): JSX.Element {
    const check = useLoad(() => server.call('opinion.verify', { consultationId: of.consultationId, opinionId: of.id }), [of.id]);
    useEffect(() => server.onReload(check.again), [of.id]);
    if (check.value?.verified) return <p class="opinion-check good">✓ {words('verified')}</p>;
    if (check.value && check.value.reason !== 'ok') return <div class="note bad" role="alert">✗ {words(`notVerified.${check.value.reason}`)}</div>;
    return <p class="muted">{check.error ? words('notChecked') : words('checking')}</p>;
}

function Team({ signed }: { signed: Signed }): JSX.Element | null {
    if (!signed.members?.length && !signed.excused?.length) return null;
    return <ul class="opinion-team">
        {signed.members?.map((m) => <li key={m.id}>{words('by', { name: m.author.name, institution: m.author.institution.name })}：<strong>{words(m.dissents ? 'dissents' : 'agrees')}</strong>{m.dissent && <p class="opinion-text">{m.dissent}</p>}</li>)}
        {signed.excused?.map((e) => <li key={e.author.id}>{words('by', { name: e.author.name, institution: e.author.institution.name })}：{words('excused')} <span class="opinion-text">{e.reason}</span></li>)}
    </ul>;
}

function Document({ opinion }: { opinion: Opinion }): JSX.Element {
    const signed = signedPart(opinion.canonical);
    return <article class="card opinion-document">
        <h2>{words(`kind.${opinion.kind}`)} {opinion.version > 1 && <span class="tag">{words('version', { n: opinion.version })}</span>}</h2>
        {opinion.supersededBy && <div class="note warn">{words('formerMark')}</div>}
        {signed.supersedes && <div class="note warn">{words('changed', { reason: signed.supersedes.reason })}</div>}
        <OpinionBody text={opinion.text} />
        <Team signed={signed} />
        <footer class="opinion-foot">
            <p>{words('by', { name: opinion.author.name, institution: opinion.author.institution.name })}{opinion.signedAt && <> · {words('signedAt', { at: dated(opinion.signedAt) })}</>}</p>
            <Check of={opinion} />
            <p class="muted">{words('advises')}</p>
        </footer>
    </article>;
}

function Former({ row }: { row: OpinionRow }): JSX.Element {
    const [open, setOpen] = useState(false);
    return <details onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary>{words(`kind.${row.kind}`)} · {words('version', { n: row.version })} · {row.author.name}{row.signedAt && ` · ${when(row.signedAt)}`}</summary>
        {open && <FormerText row={row} />}
    </details>;
}

function FormerText({ row }: { row: OpinionRow }): JSX.Element {
    const one = useLoad(() => server.call('opinion.get', { consultationId: row.consultationId, opinionId: row.id }), [row.id]);
    return <Loaded of={one}>{({ opinion }) => <Document opinion={opinion} />}</Loaded>;
}

async function load(consultationId: string): Promise<{ counting: Opinion[]; former: OpinionRow[] }> {
    const { opinions } = await server.call('opinion.list', { consultationId });
    const { counting, former } = sortOut(opinions);
    const texts = await Promise.all(counting.map((row) => server.call('opinion.get', { consultationId, opinionId: row.id })));
    return { counting: texts.map((t) => t.opinion), former };
}

/** Loads again by itself when the case changes. `print`: with a button that puts this alone on paper, as of that case. */
export function OpinionReader({ consultationId, print }: { consultationId: string; print?: Consultation }): JSX.Element {
    const all = useLoad(() => load(consultationId), [consultationId]);
    useEffect(() => {
        const off = server.on('consultation.state', ({ consultation }) => { if (consultation.id === consultationId) all.again(); });
        const offReload = server.onReload(all.again);
        return () => { off(); offReload(); };
    }, [consultationId]);
    return <Loaded of={all}>{({ counting, former }) => counting.length === 0 ? <p class="note">{words('noneYet')}</p> : <div class={`opinion-reader ${print ? 'opinion-prints' : ''}`}>
        {print && <div class="buttons"><Button onClick={() => window.print()}>{common('print')}</Button></div>}
        {print && <PaperHead c={print} />}
        <Document opinion={counting[0]!} />
        {counting.length > 1 && <section><h2>{words('experts')}</h2>{counting.slice(1).map((o) => <Document key={o.id} opinion={o} />)}</section>}
        {former.length > 0 && <section class="opinion-former"><h2>{words('former')}</h2>{former.map((row) => <Former key={row.id} row={row} />)}</section>}
        {print && <PaperSignatures id={print.id} />}
    </div>}</Loaded>;
}
