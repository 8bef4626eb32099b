// SPDX-License-Identifier: Apache-2.0
// Duty in each panel of one's own: on or off, why, until when, and who else would ring.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { account } from '../app/session';
import { clock, language } from '../text/text';
import { Button, Loaded, useLoad } from '../ui/ui';
import type { Result } from '../wire/connection';
import { server } from '../wire/server';
import { askNotices, permission } from './notice';
import { allowSound, blocked, chime } from './sound';
import { words } from './text';

export type Panel = Result<'directory.panels'>['panels'][number];
type Presence = Result<'directory.presence'>['members'];

const LOOK_AGAIN_MS = 30_000;

export async function myPanels(): Promise<Panel[]> {
    return (await server.call('directory.panels', { mine: true })).panels;
}

function othersWords(members: Presence, onDuty: boolean): string {
    const others = members.filter((m) => m.onDuty && m.account.id !== account.value?.id);
    const names = others.map((m) => (m.reachable ? m.account.name : words('unreachable', { name: m.account.name }))).join(language.value === 'en' ? ', ' : '、');
    if (names) return words('alsoOn', { names });
    return words(onDuty ? 'alone' : 'nobodyOn');
}

function PanelDuty({ panel }: { panel: Panel }): JSX.Element {
    const presence = useLoad(async () => (await server.call('directory.presence', { panelId: panel.id })).members, [panel.id]);
    useEffect(() => {
        const timer = setInterval(() => { if (!document.hidden) presence.again(); }, LOOK_AGAIN_MS);
        const off = server.onReload(presence.again);
        return () => { clearInterval(timer); off(); };
    }, [panel.id]);
    return <Loaded of={presence}>{(members) => <PanelRow panel={panel} members={members} again={presence.again} />}</Loaded>;
}

function PanelRow({ panel, members, again }: { panel: Panel; members: Presence; again(): void }): JSX.Element {
    const me = members.find((m) => m.account.id === account.value?.id);
    const on = me?.onDuty ?? false;
    const set = async (): Promise<void> => {
        void allowSound();
        if (!on) void askNotices(false);
        await server.call('duty.set', { panelId: panel.id, onDuty: !on });
        again();
    };
    return <div class={`specialist-duty ${on ? 'on' : ''}`}>
        <div class="specialist-duty-words">
            <strong>{panel.name}</strong> <span class="muted">{panel.institution.name}</span>
            <div><span class={`tag ${on ? 'good' : ''}`}>{on ? '● ' : '○ '}{words(on ? 'onDuty' : 'offDuty')}</span> {me?.by === 'roster' && <span class="muted">{me.until ? words('byRoster', { time: clock(me.until) }) : words('byRosterOpen')}</span>}</div>
            <div class="muted">{othersWords(members, on)}</div>
        </div>
        <Button look={on ? 'danger' : 'primary'} label={`${words(on ? 'dutyOff' : 'dutyOn')} ${words('dutySwitch', { panel: panel.name })}`} onClick={set}>{words(on ? 'dutyOff' : 'dutyOn')}</Button>
    </div>;
}

/** Will the person hear and see a ring? What to do where not. */
function Heard(): JSX.Element {
    return <div class="specialist-heard">
        <p class="muted">{words('ringHere')} {words('dutyEnds')}</p>
        {blocked.value && <p class="note warn" role="status">{words('soundBlocked')}</p>}
        {permission.value === 'denied' && <p class="note warn">{words('noticeDenied')}</p>}
        <div class="buttons">
            <Button onClick={chime}>{words('soundTest')}</Button>
            {permission.value === 'default' && <Button onClick={() => askNotices(true)}>{words('noticeAsk')}</Button>}
            {permission.value === 'granted' && <span class="muted">✓ {words('noticeOn')}</span>}
        </div>
        {permission.value === 'default' && <p class="muted">{words('noticeWhy')}</p>}
    </div>;
}

export function Duty(): JSX.Element {
    const panels = useLoad(myPanels, []);
    return <section class="card"><h2>{words('duty')}</h2>
        <Loaded of={panels}>{(list) => list.length === 0 ? <p class="note warn">{words('noPanel')}</p> : <>{list.map((p) => <PanelDuty key={p.id} panel={p} />)}<Heard /></>}</Loaded>
    </section>;
}
