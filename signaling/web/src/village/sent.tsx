// SPDX-License-Identifier: Apache-2.0
// Between "send" and the case: on its way, waiting for the network, or not taken. Leads on by itself; an emergency leads
// into the call.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { go } from '../app/router';
import { inLanguage } from '../text/text';
import { Button, tell } from '../ui/ui';
import { outboxItems } from '../outbox/start';
import { words as outboxWords } from '../outbox/text';
import { server } from '../wire/server';
import { forgetDraft, kindOfDraft, openDraft, recallDraft, sentAs } from './drafts';
import { words } from './text';
import './village.css';

function replace(...path: string[]): void {
    location.replace(`#/${path.map(encodeURIComponent).join('/')}`);
}

/** Into the call while help is asked; the media come up meanwhile. */
export async function enterCall(id: string, instead = false): Promise<void> {
    void import('../call/media').then((m) => m.prepare(id)).catch(tell); // the call page says what fails
    if (instead) replace('call', id);
    else go('call', id);
}

async function arrived(draft: string, consultation: string, emergency: boolean): Promise<void> {
    await forgetDraft(draft);
    if (emergency) await enterCall(consultation, true);
    else replace('case', consultation);
}

export function SentPage({ rest }: { rest: string[] }): JSX.Element {
    const [id = ''] = rest;
    const [gone, setGone] = useState(false);
    const items = outboxItems.value.filter((i) => i.group === id);
    const item = items.find((i) => i.state === 'refused') ?? items.find((i) => i.what === 'submit' || i.what === 'emergency') ?? items[0];
    const submits = items.some((i) => i.what === 'submit' || i.what === 'emergency');
    const [emergency, setEmergency] = useState(false);
    useEffect(() => { void kindOfDraft(id).then((kind) => { if (kind === 'emergency') setEmergency(true); }); }, [id]);
    useEffect(() => {
        if (submits) return;
        let live = true;
        const look = async (): Promise<void> => {
            const [consultation, kind] = await Promise.all([sentAs(id), kindOfDraft(id)]);
            if (!live) return;
            if (consultation) await arrived(id, consultation, kind === 'emergency');
            else setGone(true);
        };
        const timer = setTimeout(() => void look(), 150); // the outbox opens a moment after a reload
        return () => { live = false; clearTimeout(timer); };
    }, [submits, id]);
    const edit = async (): Promise<void> => {
        const e = await openDraft(id);
        if (!e) return;
        await recallDraft(e);
        go('new', id, 'send');
    };
    const refused = item?.state === 'refused' ? item.problem : undefined;
    const offline = server.state.value !== 'ready';
    if (gone && !submits) return <div class="village-sent"><p class="note">{words('alreadyGone')}</p><a class="button primary" href="#/cases">{words('toCases')}</a></div>;
    if (refused) return <div class="village-sent" role="alert"><h1>{words('refusedTitle')}</h1><p class="note bad">{inLanguage(refused)}</p><div class="buttons"><Button look="primary" onClick={edit}>{words('editAgain')}</Button>{emergency && <a class="button" href="tel:120">{words('call120')}</a>}</div></div>;
    return <div class="village-sent" role="status" aria-live="assertive">
        <h1>{emergency ? (offline ? words('emergencyWaiting') : words('emergencySending')) : offline ? words('waitingTitle') : words('sendingTitle')}</h1>
        <p class={`note ${offline ? (emergency ? 'bad' : 'warn') : ''}`}>{emergency && offline ? words('emergencyWaitingText') : offline ? words('waitingText') : words('sendingText')}</p>
        <div class="buttons">{emergency && <a class="button danger primary" href="tel:120">{words('call120')}</a>}<a class="button" href="#/home">{words('home')}</a>{offline && <a class="button" href="#/outbox">{outboxWords('title')}</a>}</div>
    </div>;
}
