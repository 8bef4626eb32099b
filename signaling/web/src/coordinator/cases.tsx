// SPDX-License-Identifier: Apache-2.0
// All cases that the coordinator's side takes part in, newest first; further pages come while scrolling.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { SpecialtyName, StateWords, patientWords, remember, watchCases } from '../case/case';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, Choices, VirtualList, errorText } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { useRowHeight } from './incoming';
import { words } from './text';
import './coordinator.css';

interface Book { cases: Consultation[]; cursor: string | undefined; done: boolean; error: unknown }
const EMPTY: Book = { cases: [], cursor: undefined, done: false, error: null };

/** A changed case takes its place; an unknown one is the newest. */
export function withCase(cases: Consultation[], c: Consultation): Consultation[] {
    const at = cases.findIndex((known) => known.id === c.id);
    if (at < 0) return [c, ...cases];
    if (cases[at]!.revision > c.revision) return cases;
    return cases.map((known, i) => (i === at ? c : known));
}

function useBook(active: boolean): Book & { more(): void } {
    const [book, setBook] = useState<Book>(EMPTY);
    const asking = useRef(0);
    const load = async (from: Book): Promise<void> => {
        const turn = ++asking.current;
        try {
            const reply = await server.call('consultation.list', { limit: 50, ...(active ? { active } : {}), ...(from.cursor ? { cursor: from.cursor } : {}) });
            if (turn !== asking.current) return;
            reply.consultations.forEach(remember);
            const known = new Set(from.cases.map((c) => c.id));
            setBook({ cases: [...from.cases, ...reply.consultations.filter((c) => !known.has(c.id))], cursor: reply.cursor, done: !reply.more || !reply.cursor, error: null });
        } catch (error) {
            if (turn === asking.current) setBook({ ...from, error });
        }
        if (turn === asking.current) asking.current = 0;
    };
    useEffect(() => {
        setBook(EMPTY);
        void load(EMPTY);
        const off = [watchCases((c) => setBook((b) => (b.cases.length ? { ...b, cases: withCase(b.cases, c) } : b))), server.onReload(() => void load(EMPTY))];
        return () => off.forEach((f) => f());
    }, [active]);
    return { ...book, more: () => { if (!asking.current && !book.done) void load(book); } };
}

function Row({ consultation: c }: { consultation: Consultation }): JSX.Element {
    return <a class="coordinator-row" href={`#/intake/${encodeURIComponent(c.id)}`}>
        <span class="coordinator-what"><StateWords consultation={c} /></span>
        <span class="coordinator-who"><strong>{patientWords(c.patient) || c.applicant.name}</strong><span class="muted">{c.applicant.institution.name}</span></span>
        <span class="coordinator-kind">{common(`kind.${c.kind}`)}<span class="muted">{c.panel.name}{c.specialty && <> · <SpecialtyName id={c.specialty} /></>}</span></span>
        <span class="coordinator-time muted">{when(c.submittedAt)}</span>
    </a>;
}

export function Cases(): JSX.Element {
    const [which, setWhich] = useState<'active' | 'all'>('active');
    const book = useBook(which === 'active');
    const height = useRowHeight();
    return <>
        <h1>{words('cases')}</h1>
        <Choices<'active' | 'all'> label={words('which')} value={which} options={[['active', words('running')], ['all', words('all')]]} onChange={(w) => setWhich(w)} />
        {book.error ? <div class="note bad" role="alert">{errorText(book.error)} <Button look="quiet" onClick={book.more}>{common('retry')}</Button></div> : null}
        {book.cases.length === 0 ? <p role="status" class="muted">{book.done ? words('noCases') : common('loading')}</p>
            : <VirtualList label={words('cases')} items={book.cases} height={height} onEnd={book.more} row={(c) => <Row consultation={c} />} />}
    </>;
}
