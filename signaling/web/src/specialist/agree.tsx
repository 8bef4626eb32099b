// SPDX-License-Identifier: Apache-2.0
// Agreeing on a time: one the applicant asked for, an own slot, or another. The server refuses what collides.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { account } from '../app/session';
import { remember } from '../case/case';
import { clock, when } from '../text/text';
import { Button, Field, toast, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { words } from './text';

const AHEAD_MS = 28 * 86_400_000;
const SLOTS_SHOWN = 12;

export function Agree({ c }: { c: Consultation }): JSX.Element {
    const [start, setStart] = useState('');
    const [minutes, setMinutes] = useState(30);
    const now = Date.now();
    const own = useLoad(async () => (await server.call('schedule.slots', { panelId: c.panel.id, from: new Date(now).toISOString(), until: new Date(now + AHEAD_MS).toISOString(), free: true })).slots.filter((s) => !s.accountId || s.accountId === account.value?.id), [c.panel.id]);
    const wanted = (c.candidateTimes ?? []).filter((t) => Date.parse(t.start) > now);
    const at = new Date(start);
    const free = !Number.isNaN(at.getTime()) && at.getTime() > now && minutes >= 5 && minutes <= 480;
    const set = async (when_: { slotId: string } | { start: string; end: string }): Promise<void> => {
        const { consultation } = await server.call('consultation.schedule', { id: c.id, ...when_ });
        remember(consultation);
        if (consultation.slot) toast(words('agreed', { time: when(consultation.slot.start) }), 'good');
    };
    return <section class="card"><h2>{words('agree')}</h2>
        {wanted.length > 0 && <><p>{words('agreeWhy')}</p><div class="buttons">{wanted.map((t) => <Button key={t.start} look="primary" onClick={() => set({ start: t.start, end: t.end })}>{when(t.start)}–{clock(t.end)}</Button>)}</div></>}
        {!!own.value?.length && <><p>{words('agreeOwn')}</p><div class="buttons">{own.value.slice(0, SLOTS_SHOWN).map((s) => <Button key={s.id} onClick={() => set({ slotId: s.id })}>{when(s.start)}–{clock(s.end)}</Button>)}</div></>}
        <div class="specialist-form">
            <Field label={words('agreeOther')}><input type="datetime-local" value={start} onInput={(e) => setStart(e.currentTarget.value)} /></Field>
            <Field label={words('agreeMinutes')}><input type="number" min={5} max={480} step={5} value={minutes} onInput={(e) => setMinutes(Number(e.currentTarget.value))} /></Field>
        </div>
        <Button disabled={!free} onClick={() => set({ start: at.toISOString(), end: new Date(at.getTime() + minutes * 60_000).toISOString() })}>{words('agree')}</Button>
    </section>;
}
