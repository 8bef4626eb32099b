// SPDX-License-Identifier: Apache-2.0
// The specialist's first page: duty, what waits, what comes up. A call that rings is opened by itself here.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { go } from '../app/router';
import { account } from '../app/session';
import { Countdown, StateWords, patientWords } from '../case/case';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, Loaded, useLoad } from '../ui/ui';
import { showShortcuts } from '../ui/shortcuts';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { Duty } from './duty';
import { mayEnter, todoOf } from './due';
import { useFresh, useNow } from './paging';
import { lookOnce, rings } from './ringing';
import { menu } from './menu';
import { words } from './text';
import './specialist.css';

function Row({ c }: { c: Consultation }): JSX.Element {
    return <li><a class="specialist-row" href={`#/consult/${c.id}`}>
        <span class="specialist-row-main"><strong>{patientWords(c.patient) || c.applicant.institution.name}</strong> <span class="specialist-cut">{c.complaint}</span></span>
        <span class="specialist-row-side"><span class="tag">{common(`kind.${c.kind}`)}</span> <StateWords consultation={c} /> {c.slot && <span>{when(c.slot.start)}</span>} {c.deadlineAt && !c.slot && <Countdown until={c.deadlineAt} />}</span>
    </a></li>;
}

function Todo({ all, me }: { all: Consultation[]; me: string }): JSX.Element {
    const now = useNow();
    const mine = all.filter((c) => c.kind !== 'reading' && todoOf(c, me, now) !== null);
    return <section class="card"><h2>{words('todo')}</h2>
        {mine.length === 0 ? <p class="muted">{words('nothingTodo')}</p> : <ul class="specialist-list">{mine.map((c) => <Row key={c.id} c={c} />)}</ul>}
    </section>;
}

function Upcoming({ all }: { all: Consultation[] }): JSX.Element {
    const now = useNow();
    const coming = all.filter((c) => c.slot && ['accepted', 'scheduled', 'ready'].includes(c.state)).sort((a, b) => a.slot!.start.localeCompare(b.slot!.start));
    return <section class="card"><h2>{words('upcoming')}</h2>
        {coming.length === 0 ? <p class="muted">{words('noUpcoming')}</p> : <ul class="specialist-list">{coming.map((c) => <li key={c.id}><a class="specialist-row" href={`#/consult/${c.id}`}>
            <span class="specialist-row-main"><strong>{when(c.slot!.start)}</strong> <span class="specialist-cut">{patientWords(c.patient) || c.applicant.institution.name}</span></span>
            <span class="specialist-row-side"><span class="tag">{common(`kind.${c.kind}`)}</span> {mayEnter(c, now) && <span class="tag good">{words('enterCall')}</span>}</span>
        </a></li>)}</ul>}
    </section>;
}

function Readings(): JSX.Element {
    const tasks = useLoad(async () => (await server.call('worklist.list', { limit: 50 })).tasks.filter((t) => t.task === 'read'), []);
    useFresh(tasks.again, (c) => c.kind === 'reading');
    return <section class="card"><h2>{words('readings')}</h2>
        <Loaded of={tasks}>{(list) => list.length === 0 ? <p class="muted">{words('noReadings')}</p> : <Button onClick={() => go('readings')}>{words('readings')}（{list.length}）</Button>}</Loaded>
    </section>;
}

export function Desk(): JSX.Element {
    const active = useLoad(async () => (await server.call('consultation.list', { active: true, limit: 50 })).consultations, []);
    useFresh(active.again);
    const first = rings.value[0];
    useEffect(() => { if (first) lookOnce(first.id); }, [first?.id]); // nothing is being typed on this page
    return <div class="split specialist-desk">
        <div>
            <h1 class="sr">{menu('desk')}</h1>
            <Loaded of={active}>{(all) => <><Todo all={all} me={account.value?.id ?? ''} /><Upcoming all={all} /></>}</Loaded>
            <Readings />
        </div>
        <div><Duty /><Button look="quiet" onClick={showShortcuts}>{words('shortcuts')}（?）</Button></div>
    </div>;
}
