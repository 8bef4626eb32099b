// SPDX-License-Identifier: Apache-2.0
// What waits for a coordinator, most urgent first, as it comes in. A row opens the case; nothing is decided here.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Countdown, SpecialtyName } from '../case/case';
import { common } from '../text/common';
import { when } from '../text/text';
import { Field, Loaded, VirtualList, useNarrow } from '../ui/ui';
import type { Task } from '../wire/protocol';
import { words } from './text';
import { useTasks } from './worklist';
import { countTasks, filterTasks, type Filter, type TaskKind } from './worklist_filter';
import './coordinator.css';

const TASKS: TaskKind[] = ['critical', 'approve', 'triage', 'schedule', 'reopen', 'backfill'];
const ROW_PX = 92;
const NARROW_ROW_PX = 168;

/** Of a row of tasks or cases. */
export function useRowHeight(): number {
    return useNarrow(699) ? NARROW_ROW_PX : ROW_PX;
}

function Row({ task: t }: { task: Task }): JSX.Element {
    return <a class="coordinator-row" href={`#/intake/${encodeURIComponent(t.id)}`}>
        <span class="coordinator-what"><span class={`tag ${t.task === 'critical' ? 'emergency' : ''}`}>{words(`task.${t.task}`)}</span>
            {t.urgency !== 'routine' && <span class={`tag ${t.urgency}`}>{common(`urgency.${t.urgency}`)}</span>}</span>
        <span class="coordinator-who"><strong>{t.applicant.institution.name}</strong><span class="muted">{t.applicant.name}</span></span>
        <span class="coordinator-kind">{common(`kind.${t.kind}`)}{t.specialty && <span class="muted"><SpecialtyName id={t.specialty} /></span>}</span>
        <span class="coordinator-time">{t.deadlineAt ? <Countdown until={t.deadlineAt} /> : null}<span class="muted">{when(t.submittedAt)}</span></span>
    </a>;
}

export function Incoming(): JSX.Element {
    const load = useTasks();
    const height = useRowHeight();
    const [filter, setFilter] = useState<Filter>({ task: '', urgency: '', text: '' });
    return <>
        <h1>{words('incoming')}</h1>
        <Loaded of={load}>{({ tasks, more }) => {
            const counts = countTasks(tasks);
            const shown = filterTasks(tasks, filter);
            return <>
                <div class="coordinator-filters">
                    <Field label={words('task')}><select value={filter.task} onChange={(e) => setFilter({ ...filter, task: e.currentTarget.value as TaskKind | '' })}>
                        <option value="">{words('allTasks', { n: tasks.length })}</option>
                        {TASKS.map((k) => <option key={k} value={k}>{`${words(`task.${k}`)} (${counts[k] ?? 0})`}</option>)}</select></Field>
                    <Field label={words('urgency')}><select value={filter.urgency} onChange={(e) => setFilter({ ...filter, urgency: e.currentTarget.value as Filter['urgency'] })}>
                        <option value="">{words('all')}</option>{(['emergency', 'urgent', 'routine'] as const).map((u) => <option key={u} value={u}>{common(`urgency.${u}`)}</option>)}</select></Field>
                    <Field label={words('find')}><input type="search" value={filter.text} onInput={(e) => setFilter({ ...filter, text: e.currentTarget.value })} /></Field>
                </div>
                <p role="status" class="muted">{shown.length === tasks.length ? words('waiting', { n: tasks.length }) : words('shown', { n: shown.length, of: tasks.length })}{more ? words('andMore') : ''}</p>
                {tasks.length === 0 ? <p class="note good">{words('nothingWaits')}</p>
                    : <VirtualList label={words('incoming')} items={shown} height={height} row={(t) => <Row task={t} />} />}
            </>;
        }}</Loaded>
    </>;
}
