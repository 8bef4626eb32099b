// SPDX-License-Identifier: Apache-2.0
// The panels that this institution keeps: who is there, what times are offered, who is on duty when.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { SpecialtyName } from '../case/case';
import { go } from '../app/router';
import { when } from '../text/text';
import { Choices, Field, Loaded, useLoad } from '../ui/ui';
import { server } from '../wire/server';
import { loadOwnPanels, panelWords } from './panelnames';
import { RosterPage } from './roster_page';
import { SlotsPage } from './slots_page';
import { words } from './text';
import './coordinator.css';

const AGAIN_MS = 30_000;
type Tab = 'presence' | 'slots' | 'roster';
const TABS: Tab[] = ['presence', 'slots', 'roster'];

function Presence({ panelId }: { panelId: string }): JSX.Element {
    const load = useLoad(async () => (await server.call('directory.presence', { panelId })).members, [panelId]);
    const again = useRef(load.again);
    again.current = load.again;
    useEffect(() => {
        const clock = setInterval(() => again.current(), AGAIN_MS);
        return () => clearInterval(clock);
    }, []);
    return <section class="card"><h2>{words('presence')}</h2><Loaded of={load}>{(members) => members.length === 0 ? <p class="muted">{words('noMembers')}</p>
        : <ul class="coordinator-people">{members.map((m, i) => <li key={m.account.id}>
            <span class="muted">{i + 1}</span><strong>{m.account.name}</strong>{m.head && <span class="tag">{words('head')}</span>}
            <span class={`tag ${m.onDuty ? 'good' : ''}`}>{m.onDuty ? words(m.by === 'roster' ? 'dutyByRoster' : 'dutyByHand') : words('offDuty')}</span>
            <span class={`tag ${m.reachable ? 'good' : m.onDuty ? 'urgent' : ''}`}>{words(m.reachable ? 'signedIn' : 'notSignedIn')}</span>
            {m.until && <span class="muted">{words('untilTime', { time: when(m.until) })}</span>}</li>)}</ul>}</Loaded>
        <p class="muted">{words('presenceHint')}</p></section>;
}

export function Panels({ rest }: { rest: string[] }): JSX.Element {
    const panels = useLoad(loadOwnPanels, []);
    return <>
        <h1>{words('panels')}</h1>
        <Loaded of={panels}>{(all) => {
            const panel = all.find((p) => p.id === rest[0]) ?? all[0];
            const tab = TABS.find((t) => t === rest[1]) ?? 'presence';
            if (!panel) return <p class="note">{words('noPanels')}</p>;
            return <>
                <div class="coordinator-filters">
                    <Field label={words('panel')}><select value={panel.id} onChange={(e) => go('panels', e.currentTarget.value, tab)}>{all.map((p) => <option key={p.id} value={p.id}>{panelWords(p)}</option>)}</select></Field>
                    <Choices label={words('look')} value={tab} options={TABS.map((t) => [t, words(t)])} onChange={(t) => go('panels', panel.id, t)} />
                </div>
                <p class="muted"><SpecialtyName id={panel.specialty} /></p>
                {tab === 'presence' && <Presence key={panel.id} panelId={panel.id} />}
                {tab === 'slots' && <SlotsPage key={panel.id} panelId={panel.id} />}
                {tab === 'roster' && <RosterPage key={panel.id} panelId={panel.id} />}
            </>;
        }}</Loaded>
    </>;
}
