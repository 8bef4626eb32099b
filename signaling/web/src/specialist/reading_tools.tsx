// SPDX-License-Identifier: Apache-2.0
// What a reader of a claimed reading does beside writing: report a critical value and see it acknowledged, call the
// applicant, give it back.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { go } from '../app/router';
import { Countdown, remember } from '../case/case';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, Dialog, Field, toast } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { useKept } from '../keep/kept';
import { server } from '../wire/server';
import type { Drafting } from '../opinion/drafting';
import { mayEnter } from './due';
import { words } from './text';

const CLAIMED = ['accepted', 'opinion_drafted'];

function CriticalDialog({ c, of, open, onClose }: { c: Consultation; of: Drafting; open: boolean; onClose(): void }): JSX.Element {
    const { value: { text }, ready, set, forget } = useKept(`form/critical/${c.id}`, { text: '' });
    const send = async (): Promise<void> => {
        const { consultation } = await server.call('consultation.critical', { id: c.id, text: text.trim() });
        remember(consultation);
        const said = words('criticalRecord', { time: when(new Date().toISOString()), institution: c.applicant.institution.name, text: text.trim() });
        const before = of.draft.value.criticalReported.trim();
        of.change({ criticalReported: (before ? `${before}\n${said}` : said).slice(0, 1000) });
        toast(words('criticalSent'), 'good');
        await forget();
        onClose();
    };
    return <Dialog open={open} title={words('criticalTitle')} onClose={onClose}>
        <p>{words('criticalWhy')}</p>
        {ready && <Field label={words('criticalText')}><textarea rows={4} maxLength={500} value={text} onInput={(e) => set({ text: e.currentTarget.value })} /></Field>}
        <div class="buttons"><Button look="danger primary" disabled={!text.trim()} onClick={send}>{words('criticalSend')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </Dialog>;
}

function GoLiveDialog({ c, open, onClose }: { c: Consultation; open: boolean; onClose(): void }): JSX.Element {
    const call = async (): Promise<void> => {
        const { consultation } = await server.call('consultation.goLive', { id: c.id });
        remember(consultation);
        void import('../call/media').then((m) => m.prepare(c.id)).catch(() => undefined);
        go('call', c.id);
    };
    return <Dialog open={open} title={words('goLive')} onClose={onClose}>
        <p>{words('goLiveAsk')}</p>
        <div class="buttons"><Button look="primary" onClick={call}>{words('goLiveYes')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </Dialog>;
}

export function ReleaseButton({ id, onDone }: { id: string; onDone(): void }): JSX.Element {
    const [open, setOpen] = useState(false);
    const release = async (): Promise<void> => {
        const { consultation } = await server.call('worklist.release', { id });
        remember(consultation);
        setOpen(false);
        onDone();
    };
    return <><Button look="quiet" onClick={() => setOpen(true)}>{words('release')}</Button>
        <Dialog open={open} title={words('release')} onClose={() => setOpen(false)}>
            <p>{words('releaseAsk')}</p>
            <div class="buttons"><Button look="primary" onClick={release}>{words('release')}</Button><Button onClick={() => setOpen(false)}>{common('cancel')}</Button></div>
        </Dialog></>;
}

export function ReadingTools({ c, of }: { c: Consultation; of: Drafting }): JSX.Element {
    const [critical, setCritical] = useState(false);
    const [live, setLive] = useState(false);
    const claimed = CLAIMED.includes(c.state);
    const inCall = c.live || mayEnter(c, Date.now());
    return <div class="specialist-reading">
        {c.critical && <div class={`note ${c.critical === 'raised' ? 'bad' : 'good'}`} role="status">{words(c.critical === 'raised' ? 'criticalRaised' : 'criticalAck')}</div>}
        <div class="buttons">
            {claimed && c.deadlineAt && <span>{words('claimLeft')} <Countdown until={c.deadlineAt} /></span>}
            {(claimed || inCall) && <Button look="danger" onClick={() => setCritical(true)}>{words('critical')}</Button>}
            {claimed && !inCall && <Button onClick={() => setLive(true)}>{words('goLive')}</Button>}
            {inCall && <Button look="primary" onClick={() => go('call', c.id)}>{words('backToCall')}</Button>}
            {claimed && <ReleaseButton id={c.id} onDone={() => go('readings')} />}
        </div>
        <CriticalDialog c={c} of={of} open={critical} onClose={() => setCritical(false)} />
        <GoLiveDialog c={c} open={live} onClose={() => setLive(false)} />
    </div>;
}
