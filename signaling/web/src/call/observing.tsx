// SPDX-License-Identifier: Apache-2.0
// What a trainee may observe: consultations to which a chair or coordinator added them, the ones with a call first.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { CALLABLE, CaseNext, StateWords } from '../case/case';
import { when } from '../text/text';
import { Loaded, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { words } from './text';
import './call.css';

async function load(): Promise<Consultation[]> {
    const { consultations } = await server.call('consultation.list', { active: true });
    return consultations;
}

export function Observing(): JSX.Element {
    const list = useLoad(load, []);
    useEffect(() => {
        const stops = [server.on('consultation.state', list.again), server.on('consultation.removed', list.again), server.onReload(list.again)];
        return () => stops.forEach((stop) => stop());
    }, []);
    return <><h1>{words('observingTitle')}</h1><p>{words('observingWhy')}</p>
        <Loaded of={list}>{(all) => (all.length === 0 ? <p class="note" role="status">{words('observingNone')}</p> : <ul class="call-cases">{all.map((c) => <li key={c.id} class="card">
            <p><strong>{c.panel.name}</strong> · {c.applicant.institution.name} · {when(c.submittedAt)}</p>
            <StateWords consultation={c} /><CaseNext consultation={c} />
            {CALLABLE.has(c.state) && <div class="buttons"><a class="button primary" href={`#/call/${encodeURIComponent(c.id)}`}>{words('observe')}</a></div>}
        </li>)}</ul>)}</Loaded></>;
}
