// SPDX-License-Identifier: Apache-2.0
// Home of the village doctor: one large start, one guarded emergency, then what waits for a hand.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { go } from '../app/router';
import { keep } from '../app/session';
import { CALLABLE, OVER, StateWords, patientWords } from '../case/case';
import { outboxItems } from '../outbox/start';
import { OutboxBar } from '../outbox/view';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, Field, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { listDrafts, newDraft, type Listed } from './drafts';
import { EmergencyButton, keptLocation } from './hold';
import { Icon } from './icons';
import { useOwnCases } from './owncases';
import { CaseRow } from './cases';
import { RefusedRequests } from './refused';
import { enterCall } from './sent';
import { words } from './text';
import './village.css';

type Todo = 'enter' | 'returned' | 'delivered' | 'follow_up_due' | 'outcome_recorded' | 'critical';

/** Somebody waits for the village there. */
const ENTER: ReadonlySet<Consultation['state']> = new Set(['accepted', 'ready', 'in_progress', 'interrupted']);

function todoOf(c: Consultation): Todo | null {
    if (c.critical === 'raised') return 'critical';
    if (c.live || (c.kind !== 'reading' && ENTER.has(c.state))) return 'enter';
    return (['returned', 'delivered', 'follow_up_due', 'outcome_recorded'] as const).find((s) => s === c.state) ?? null;
}

/** What can't wait comes first. */
const RANK: Record<Todo, number> = { critical: 0, enter: 1, returned: 2, delivered: 3, follow_up_due: 4, outcome_recorded: 5 };

const AT: Record<Exclude<Todo, 'enter'>, (id: string) => string> = { returned: (id) => `#/case/${id}`, delivered: (id) => `#/opinion/${id}`, follow_up_due: (id) => `#/followup/${id}`, outcome_recorded: (id) => `#/case/${id}`, critical: (id) => `#/case/${id}` };

function TodoRow({ c, todo }: { c: Consultation; todo: Todo }): JSX.Element {
    return <li class="card village-todo"><div><strong>{patientWords(c.patient) || words('noName')}</strong> <StateWords consultation={c} /><br /><span class="muted">{c.complaint}</span></div>
        {todo === 'enter' ? <span class="buttons"><a class="button" href={`#/case/${c.id}`}>{words('todo.look')}</a><Button look="primary" onClick={() => enterCall(c.id)}>{words('todo.enter')}</Button></span>
            : <a class={`button ${todo === 'critical' ? 'danger ' : ''}primary`} href={AT[todo](c.id)}>{words(`todo.${todo}`)}</a>}</li>;
}

function DraftRow({ d }: { d: Listed }): JSX.Element {
    return <li class="card village-todo"><div><strong>{d.fields.name || words('noName')}</strong> <span class="muted">{common(`kind.${d.fields.kind}`)} · {when(new Date(d.changedAt).toISOString())}{!d.local && ` · ${words('fromServer')}`}</span><br /><span class="muted">{d.fields.complaint}</span></div>
        <a class="button" href={`#/new/${d.id}`}>{words('continue')}</a></li>;
}

function Location(): JSX.Element {
    const [text, setText] = useState<string | null>(null);
    useEffect(() => { void keptLocation().then(setText); }, []);
    if (text === null) return <></>; // a moment: nothing typed is written over by what was kept
    return <Field label={words('location')} hint={words('locationHint')}><input maxLength={200} value={text} onInput={(e) => { setText(e.currentTarget.value); void keep.value?.put('location', e.currentTarget.value.trim()); }} /></Field>;
}

export function HomePage(): JSX.Element {
    const list = useOwnCases(true);
    const drafts = useLoad(listDrafts, [server.state.value, outboxItems.value.length]);
    const todo = list.cases.value.flatMap((c) => { const what = todoOf(c); return what ? [{ c, what }] : []; }).sort((a, b) => RANK[a.what] - RANK[b.what]);
    const running = list.cases.value.filter((c) => !todoOf(c) && !OVER.has(c.state)).sort((a, b) => Number(CALLABLE.has(b.state)) - Number(CALLABLE.has(a.state)));
    return <div class="village-home">
        <h1 class="sr">{words('home')}</h1>
        <OutboxBar />
        <RefusedRequests />
        <div class="village-big">
            <Button look="primary huge" onClick={async () => go('new', (await newDraft()).draft.value.id, 'who')}><span class="village-hold-words"><span><Icon name="start" /> {words('start')}</span><small>{words('startHint')}</small></span></Button>
            <div><EmergencyButton /><Location /></div>
        </div>
        <section><h2>{words('todo')}</h2>{todo.length ? <ul class="village-rows">{todo.map(({ c, what }) => <TodoRow key={c.id} c={c} todo={what} />)}</ul> : <p class="muted">{words('noTodo')}</p>}</section>
        {running.length > 0 && <section><h2>{words('running')}</h2><ul class="village-rows">{running.slice(0, 8).map((c) => <li key={c.id} class="card"><CaseRow c={c} /></li>)}</ul></section>}
        {(drafts.value ?? []).length > 0 && <section><h2>{words('drafts')}</h2><ul class="village-rows">{drafts.value!.map((d) => <DraftRow key={d.id} d={d} />)}</ul></section>}
        <div class="buttons"><a class="button" href="#/cases">{words('allCases')}</a></div>
    </div>;
}
