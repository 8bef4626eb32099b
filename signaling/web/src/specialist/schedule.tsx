// SPDX-License-Identifier: Apache-2.0
// Slots that a specialist opens for being asked, week by week, by panel. Times are of this machine's zone.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { account } from '../app/session';
import { clock, language } from '../text/text';
import { Button, Choices, Field, Loaded, toast, useLoad } from '../ui/ui';
import type { Result } from '../wire/connection';
import { server } from '../wire/server';
import { myPanels, type Panel } from './duty';
import { ownWithin, slotSpan, weekOf } from './due';
import { words } from './text';
import './specialist.css';

const DAY_MS = 86_400_000; // as long as a slot may be
const WEEK_MS = 7 * DAY_MS;

type Slot = Result<'schedule.slots'>['slots'][number];

function day(date: Date): string {
    return new Intl.DateTimeFormat(language.value, { month: 'short', day: 'numeric', weekday: 'short' }).format(date);
}

function localDate(date: Date): string {
    const two = (n: number): string => String(n).padStart(2, '0');
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

async function slotsOf(panelId: string, from: Date, until: Date): Promise<Slot[]> {
    return (await server.call('schedule.slots', { panelId, from: from.toISOString(), until: until.toISOString() })).slots;
}

function Offer({ panel, turn, onDone }: { panel: Panel; turn: number; onDone(first: Date): void }): JSX.Element {
    const [form, setForm] = useState({ date: localDate(new Date(Date.now() + 86_400_000)), from: '09:00', until: '12:00', minutes: 30, weeks: 1, who: 'mine' as 'mine' | 'any' });
    const set = (part: Partial<typeof form>): void => setForm((f) => ({ ...f, ...part }));
    const span = slotSpan(form.date, form.from, form.until, Date.now());
    const there = useLoad(async () => (span ? slotsOf(panel.id, new Date(Date.parse(span.start) - DAY_MS), new Date(span.end)) : []), [panel.id, span?.start, span?.end, turn]);
    const own = span && form.who === 'mine' ? ownWithin(there.value ?? [], span, account.value?.id) : [];
    const send = async (): Promise<void> => {
        const { slots } = await server.call('schedule.offer', { panelId: panel.id, ...span!, slotMinutes: form.minutes, weeks: form.weeks, mine: form.who === 'mine' });
        toast(words('offered', { n: slots.length }), 'good');
        onDone(new Date(span!.start));
    };
    return <section class="card"><h2>{words('offer')}</h2>
        <div class="specialist-form">
            <Field label={words('date')}><input type="date" value={form.date} onInput={(e) => set({ date: e.currentTarget.value })} /></Field>
            <Field label={words('from')}><input type="time" step={300} value={form.from} onInput={(e) => set({ from: e.currentTarget.value })} /></Field>
            <Field label={words('until')} wrong={span ? undefined : words('badSpan')}><input type="time" step={300} value={form.until} onInput={(e) => set({ until: e.currentTarget.value })} /></Field>
            <Field label={words('minutes')}><input type="number" min={5} max={480} step={5} value={form.minutes} onInput={(e) => set({ minutes: Number(e.currentTarget.value) })} /></Field>
            <Field label={words('weeks')}><input type="number" min={1} max={52} value={form.weeks} onInput={(e) => set({ weeks: Number(e.currentTarget.value) })} /></Field>
        </div>
        <Choices label={words('whoWill')} value={form.who} options={[['mine', words('mine')], ['any', words('anyone')]]} onChange={(who) => set({ who })} />
        {own.length > 0 && <p class="note warn" role="alert">{words('ownThen', { times: own.map((s) => `${clock(s.start)}–${clock(s.end)}`).join(', ') })}</p>}
        <Button look="primary" disabled={!span || own.length > 0 || form.minutes < 5 || form.minutes > 480 || form.weeks < 1 || form.weeks > 52} onClick={send}>{words('offer')}</Button>
    </section>;
}

function SlotRow({ slot: s, onDone }: { slot: Slot; onDone(): void }): JSX.Element {
    const who = !s.accountId ? 'slotAny' : s.accountId === account.value?.id ? 'slotMine' : 'slotOther';
    const withdraw = async (): Promise<void> => {
        await server.call('schedule.withdraw', { slotId: s.id });
        toast(words('withdrawn'));
        onDone();
    };
    return <li class={`specialist-slot ${s.free ? '' : 'taken'}`}><strong>{clock(s.start)}–{clock(s.end)}</strong> <span class={`tag ${s.free ? 'good' : ''}`}>{words(s.free ? 'free' : 'taken')}</span> <span class="muted">{words(who)}</span>
        {s.free && who !== 'slotOther' && Date.parse(s.start) > Date.now() && <Button look="quiet" label={`${words('withdraw')} ${clock(s.start)}`} onClick={withdraw}>{words('withdraw')}</Button>}</li>;
}

function Week({ panel, turn, weeks, onWeeks, onChange }: { panel: Panel; turn: number; weeks: number; onWeeks(weeks: number): void; onChange(): void }): JSX.Element {
    const { from, until } = weekOf(new Date(), weeks);
    const slots = useLoad(() => slotsOf(panel.id, from, until), [panel.id, weeks, turn]);
    return <section class="card"><h2 class="sr">{words('mySlots')}</h2>
        <div class="buttons"><Button onClick={() => onWeeks(weeks - 1)}>← {words('previousWeek')}</Button><span role="status">{words('week', { from: day(from), until: day(new Date(until.getTime() - 1)) })}</span><Button onClick={() => onWeeks(weeks + 1)}>{words('nextWeek')} →</Button></div>
        <Loaded of={slots}>{(list) => list.length === 0 ? <p class="muted">{words('noSlots')}</p> : <Days list={list} onChange={onChange} />}</Loaded>
    </section>;
}

function Days({ list, onChange }: { list: Slot[]; onChange(): void }): JSX.Element {
    const days = new Map<string, Slot[]>();
    for (const s of list) {
        const key = localDate(new Date(s.start));
        days.set(key, [...(days.get(key) ?? []), s]);
    }
    return <div class="specialist-days">{[...days].map(([key, slots]) => <section key={key} aria-label={day(new Date(slots[0]!.start))}><h3>{day(new Date(slots[0]!.start))}</h3><ul class="specialist-slots">{slots.map((s) => <SlotRow key={s.id} slot={s} onDone={onChange} />)}</ul></section>)}</div>;
}

function Panels({ list }: { list: Panel[] }): JSX.Element {
    const [id, setId] = useState(list[0]!.id);
    const [turn, setTurn] = useState(0);
    const panel = list.find((p) => p.id === id) ?? list[0]!;
    const [weeks, setWeeks] = useState(0);
    const again = (): void => setTurn((n) => n + 1);
    const show = (first: Date): void => { // the week where the new ones are
        setWeeks(Math.round((weekOf(first, 0).from.getTime() - weekOf(new Date(), 0).from.getTime()) / WEEK_MS));
        again();
    };
    return <>
        {list.length > 1 && <Choices label={words('panel')} value={id} options={list.map((p) => [p.id, p.name] as [string, string])} onChange={(p) => setId(p)} />}
        <div class="split"><Week key={panel.id} panel={panel} turn={turn} weeks={weeks} onWeeks={(w) => setWeeks(w)} onChange={again} /><Offer panel={panel} turn={turn} onDone={show} /></div>
    </>;
}

export function Schedule(): JSX.Element {
    const panels = useLoad(myPanels, []);
    return <><h1>{words('mySlots')}</h1><Loaded of={panels}>{(list) => list.length === 0 ? <p class="note warn">{words('noPanel')}</p> : <Panels list={list} />}</Loaded></>;
}
