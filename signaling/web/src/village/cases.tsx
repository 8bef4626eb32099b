// SPDX-License-Identifier: Apache-2.0
// The list of one's own cases: states in words, search over all of them, only the seen rows drawn.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { StateWords, nextWords, patientWords, stateWords } from '../case/case';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, Choices, Field, VirtualList, errorText, useNarrow } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { CASES_MAX, useOwnCases } from './owncases';
import { RefusedRequests } from './refused';
import { words } from './text';
import './village.css';

const ROW_PX = { wide: 101, narrow: 133 }; // on a phone the state goes below the name
const NARROW_PX = 600; // as in village.css

export function CaseRow({ c }: { c: Consultation }): JSX.Element {
    return <a class="village-row" href={`#/case/${c.id}`}>
        <span class="village-row-who"><strong>{patientWords(c.patient) || words('noName')}</strong> <StateWords consultation={c} /></span>
        <span class="village-row-what">{c.complaint || common(`kind.${c.kind}`)}</span>
        <span class="muted village-row-what">{when(c.submittedAt)} · {c.specialist?.name ?? c.panel.name} · {nextWords(c)}</span>
    </a>;
}

function fits(c: Consultation, needle: string): boolean {
    const hay = [c.patient?.name, c.complaint, c.specialist?.name, c.panel.name, stateWords(c), common(`kind.${c.kind}`), c.id].join('\n').toLowerCase();
    return needle.toLowerCase().split(/\s+/).every((part) => hay.includes(part));
}

export function CasesPage(): JSX.Element {
    const [which, setWhich] = useState<'active' | 'all'>('all');
    const [needle, setNeedle] = useState('');
    const narrow = useNarrow(NARROW_PX);
    const list = useOwnCases(which === 'active');
    useEffect(() => { if (needle.trim()) void list.rest(); }, [needle, list]);
    const all = list.cases.value;
    const shown = needle.trim() ? all.filter((c) => fits(c, needle.trim())) : all;
    const count = list.more.value ? words('loadingMore', { n: all.length }) : needle.trim() ? words('found', { n: shown.length }) : words('listed', { n: all.length });
    return <div class="village-list">
        <h1>{words('cases')}</h1>
        <RefusedRequests />
        <div class="village-find">
            <Field label={common('search')} hint={words('searchHint')}><input type="search" value={needle} onInput={(e) => setNeedle(e.currentTarget.value)} /></Field>
            <Choices label={words('which')} value={which} options={[['all', words('all')], ['active', words('active')]]} onChange={(w) => setWhich(w)} />
        </div>
        <p class="muted" role="status">{list.error.value && !list.fresh.value ? errorText(list.error.value) : count}{all.length >= CASES_MAX && ` · ${words('limit', { n: CASES_MAX })}`}</p>
        {shown.length > 0 ? <VirtualList items={shown} height={narrow ? ROW_PX.narrow : ROW_PX.wide} label={words('cases')} onEnd={() => void list.next()} row={(c) => <CaseRow c={c} />} />
            : !list.more.value && <p class="note">{needle ? words('noFound') : words('noCases')}</p>}
        {list.more.value && <Button look="quiet" onClick={() => list.next()}>{common('more')}</Button>}
    </div>;
}
