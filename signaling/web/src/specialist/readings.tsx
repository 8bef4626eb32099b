// SPDX-License-Identifier: Apache-2.0
// The reading worklist: most urgent first, claimed for a time that is shown. Shows nothing clinical before the claim.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { go } from '../app/router';
import { account } from '../app/session';
import { Countdown, SpecialtyName, remember } from '../case/case';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, Choices, VirtualList, errorText, useNarrow } from '../ui/ui';
import type { Result } from '../wire/connection';
import { server } from '../wire/server';
import { useFresh, usePages } from './paging';
import { ReleaseButton } from './reading_tools';
import { words } from './text';
import './specialist.css';

type Task = Result<'worklist.list'>['tasks'][number];
type Filter = 'all' | 'free' | 'mine';
const ROW_PX = 92;
const NARROW_PX = 600, NARROW_ROW_PX = 150; // words above the buttons, as in specialist.css

async function load(cursor: string | undefined): Promise<{ items: Task[]; cursor?: string | undefined }> {
    const { tasks, cursor: next, more } = await server.call('worklist.list', { limit: 50, ...(cursor ? { cursor } : {}) });
    return { items: tasks.filter((t) => t.task === 'read'), cursor: more ? next : undefined };
}

async function claim(id: string): Promise<void> {
    const { consultation } = await server.call('worklist.claim', { id });
    remember(consultation);
    go('write', id);
}

function Row({ task: t, me, again }: { task: Task; me: string; again(): void }): JSX.Element {
    const mine = t.claimedBy === me;
    return <div class={`specialist-task ${t.urgency}`}>
        <div class="specialist-task-words">
            <div><span class={`tag ${t.urgency}`}>{common(`urgency.${t.urgency}`)}</span> <strong class="specialist-cut">{t.applicant.institution.name}</strong> {t.specialty && <span class="muted specialist-wide"><SpecialtyName id={t.specialty} /></span>}</div>
            <div class="muted">{t.deadlineAt && <span>{mine && words('claimLeft')} <Countdown until={t.deadlineAt} /></span>} <span class="specialist-cut">{words('waitingSince', { time: when(t.submittedAt) })} · {t.applicant.name}</span></div>
        </div>
        {mine ? <><span class="tag good">{words('claimedByMe')}</span><Button look="primary" onClick={() => go('write', t.id)}>{words('open')}</Button>{t.state !== 'in_progress' && <ReleaseButton id={t.id} onDone={again} />}</>
            : t.claimedBy ? <span class="tag">{words('claimedByOther')}</span> : <Button look="primary" onClick={() => claim(t.id)}>{words('claim')}</Button>}
    </div>;
}

export function Readings(): JSX.Element {
    const [filter, setFilter] = useState<Filter>('all');
    const narrow = useNarrow(NARROW_PX);
    const me = account.value?.id ?? '';
    const pages = usePages(load, []);
    useFresh(pages.refresh, (c) => c.kind === 'reading');
    const shown = pages.items.filter((t) => filter === 'all' || (filter === 'mine' ? t.claimedBy === me : !t.claimedBy));
    shown.sort((a, b) => Number(b.claimedBy === me) - Number(a.claimedBy === me)); // what one has begun comes first
    return <>
        <h1>{words('readings')} {!pages.loading && <span class="tag">{pages.more ? words('loadedCount', { n: pages.items.length }) : words('allLoaded', { n: pages.items.length })}</span>}</h1>
        <Choices label={words('filter')} value={filter} options={[['all', words('filterAll')], ['free', words('filterFree')], ['mine', words('filterMine')]]} onChange={(f) => setFilter(f)} />
        {pages.error !== null && <div class="note bad" role="alert">{errorText(pages.error)} <Button onClick={pages.again}>{common('retry')}</Button></div>}
        {shown.length === 0 && !pages.more && <p class="note">{words('noReadings')}</p>}
        {shown.length === 0 && pages.loading && <p class="muted" role="status">{common('loading')}</p>}
        {shown.length > 0 && <VirtualList items={shown} height={narrow ? NARROW_ROW_PX : ROW_PX} label={words('readings')} row={(t) => <Row task={t} me={me} again={pages.refresh} />} onEnd={pages.next} />}
    </>;
}
