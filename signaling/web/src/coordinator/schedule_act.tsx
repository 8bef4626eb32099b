// SPDX-License-Identifier: Apache-2.0
// A time for a case: a free slot of its panel, one of the times that the applicant can, or a time of one's own.
import type { JSX } from 'preact';
import { useKept } from '../keep/kept';
import { clock, when } from '../text/text';
import { Button, Field, Loaded, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { carryOut } from './acts';
import { spanOf } from './slots';
import { words } from './text';

const AHEAD_MS = 28 * 24 * 3600 * 1000;

async function freeSlots(panelId: string): Promise<{ id: string; start: string; end: string }[]> {
    const from = new Date(), until = new Date(from.getTime() + AHEAD_MS);
    return (await server.call('schedule.slots', { panelId, from: from.toISOString(), until: until.toISOString(), free: true })).slots;
}

export function ScheduleAct({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const slots = useLoad(() => freeSlots(c.panel.id), [c.panel.id, c.revision]);
    const own = useKept(`form/schedule/${c.id}`, { date: '', from: '', until: '' });
    const span = spanOf(own.value.date, own.value.from, own.value.until);
    const take = async (params: { slotId: string } | { start: string; end: string }): Promise<void> => {
        await carryOut('consultation.schedule', { id: c.id, ...params }, words('scheduled'));
        await own.forget();
    };
    return <div class="coordinator-act"><h3>{words(c.state === 'scheduled' ? 'scheduleAgain' : 'schedule')}</h3>
        {c.candidateTimes?.length ? <><p>{words('applicantCan')}</p><div class="buttons">{c.candidateTimes.map((t) =>
            <Button key={t.start} onClick={() => take(t)}>{when(t.start)}–{clock(t.end)}</Button>)}</div></> : null}
        <p>{words('freeSlots')}</p>
        <Loaded of={slots}>{(free) => free.length ? <div class="buttons coordinator-scroll">{free.map((s) =>
            <Button key={s.id} onClick={() => take({ slotId: s.id })}>{when(s.start)}–{clock(s.end)}</Button>)}</div> : <p class="muted">{words('noFreeSlots')}</p>}</Loaded>
        {own.ready && <div class="coordinator-filters">
            <Field label={words('date')}><input type="date" value={own.value.date} onInput={(e) => own.set({ date: e.currentTarget.value })} /></Field>
            <Field label={words('from')}><input type="time" step={300} value={own.value.from} onInput={(e) => own.set({ from: e.currentTarget.value })} /></Field>
            <Field label={words('until')}><input type="time" step={300} value={own.value.until} onInput={(e) => own.set({ until: e.currentTarget.value })} /></Field>
        </div>}
        <Button look="primary" disabled={!span} onClick={() => take(span!)}>{words('scheduleOwn')}</Button>
    </div>;
}
