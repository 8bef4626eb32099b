// SPDX-License-Identifier: Apache-2.0
// The guarded emergency: held for 1.5 s it goes at once; a tap or a key asks first. Sends what is known, waits for no
// form, and leads to the screen that follows it.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { go } from '../app/router';
import { account, keep } from '../app/session';
import { common } from '../text/common';
import { Button, Dialog, tell, useLoad } from '../ui/ui';
import { server } from '../wire/server';
import { newDraft, sendDraft, type Editing } from './drafts';
import { Icon } from './icons';
import { firstForEmergency, loadPanels } from './panels';
import type { Fields } from './request';
import { words } from './text';

const HOLD_MS = 1500;

/** Where emergencies are, as it was typed last. */
export async function keptLocation(): Promise<string> {
    return (await keep.value?.get<string>('location')) ?? account.value?.institution.name ?? '';
}

async function send(panel: { id: string; name: string }, from: Editing | undefined): Promise<void> {
    const known: Partial<Fields> = { kind: 'emergency', urgency: 'emergency', panelId: panel.id, panelName: panel.name, location: await keptLocation() };
    const e = from ?? (await newDraft(known));
    if (from) from.fields(known);
    await sendDraft(e);
    go('sent', e.draft.value.id);
}

/** `from`: a form that is being filled in; what it knows goes along. */
export function EmergencyButton({ from, small }: { from?: Editing; small?: boolean }): JSX.Element {
    const panels = useLoad(() => loadPanels('emergency'), [server.state.value]);
    const [asked, setAsked] = useState(false);
    const [held, setHeld] = useState(false);
    const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
    const gone = useRef(false);
    const panel = panels.value && firstForEmergency(panels.value.panels);
    const act = async (): Promise<void> => {
        if (!panel || gone.current) return;
        gone.current = true;
        setAsked(false);
        try {
            await send(panel, from);
        } catch (error) {
            gone.current = false;
            tell(error);
        }
    };
    const release = (): void => {
        if (timer.current) clearTimeout(timer.current);
        timer.current = null;
        setHeld(false);
    };
    const press = (): void => {
        if (!panel) return;
        setHeld(true);
        timer.current = setTimeout(() => { release(); navigator.vibrate?.(200); void act(); }, HOLD_MS);
    };
    useEffect(() => release, []);
    return <>
        <button type="button" class={`button danger primary ${small ? '' : 'huge'} village-hold ${held ? 'held' : ''}`} onPointerDown={press} onPointerUp={release} onPointerLeave={release} onPointerCancel={release} onContextMenu={(e) => e.preventDefault()} onClick={() => { if (!gone.current) setAsked(true); }}>
            <span class="village-hold-words"><span><Icon name="alarm" /> {held ? words('holding') : words('emergency')}</span>{!small && <small>{words('emergencyHold')}</small>}</span>
        </button>
        <Dialog open={asked} title={words('emergencySure')} onClose={() => setAsked(false)}>
            {panel ? <p>{words('emergencyWhat', { panel: panel.name })}</p> : <p class="note bad">{words('emergencyNobody')}</p>}
            <div class="buttons">{panel && <Button look="danger primary" onClick={act}>{words('yesCall')}</Button>}<a class="button" href="tel:120">{words('call120')}</a><Button onClick={() => setAsked(false)}>{common('cancel')}</Button></div>
        </Dialog>
    </>;
}
