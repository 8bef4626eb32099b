// SPDX-License-Identifier: Apache-2.0
// The times a panel offers, as a week: a span is chosen by drawing over the grid or with the arrow keys, and offered in
// pieces; a free slot is withdrawn.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { common } from '../text/common';
import { clock, language } from '../text/text';
import { Button, Dialog, Field, Loaded, toast, useLoad } from '../ui/ui';
import type { Result } from '../wire/connection';
import { server } from '../wire/server';
import { CELLS, chosenBetween, dayOf, isChosen, mondayOf, slotsByCell, stepOf, timeOfCell, type Cell, type Chosen } from './slots';
import { words } from './text';

type Slot = Result<'schedule.slots'>['slots'][number];

function dayWords(date: Date): string {
    return new Intl.DateTimeFormat(language.value, { weekday: 'short', month: 'numeric', day: 'numeric' }).format(date);
}

/** Below the grid: the grid must not move under the hand that draws. */
function Offer({ panelId, slots, monday, chosen, onDone, onDrop }: { panelId: string; slots: Slot[]; monday: Date; chosen: Chosen; onDone(): void; onDrop(): void }): JSX.Element {
    const start = timeOfCell(monday, { day: chosen.day, slot: chosen.from }), end = timeOfCell(monday, { day: chosen.day, slot: chosen.until });
    const [minutes, setMinutes] = useState(30);
    const [weeks, setWeeks] = useState(1);
    const past = start.getTime() <= Date.now();
    const there = slots.filter((s) => Date.parse(s.start) < end.getTime() && Date.parse(s.end) > start.getTime()).length;
    const offer = async (): Promise<void> => {
        const { slots } = await server.call('schedule.offer', { panelId, start: start.toISOString(), end: end.toISOString(), slotMinutes: minutes, weeks });
        toast(words('offered', { n: slots.length }), 'good');
        onDone();
    };
    return <section class="card coordinator-offer" aria-label={words('offer')}>
        <p role="status"><strong>{dayWords(start)} {clock(start.toISOString())}–{clock(end.toISOString())}</strong>{past && <span class="tag urgent">{words('inThePast')}</span>}{there > 0 && <span class="tag urgent">{words('thereAlready', { n: there })}</span>}</p>
            <Field label={words('slotMinutes')}><input type="number" min={5} max={480} step={5} value={minutes} onInput={(e) => setMinutes(Number(e.currentTarget.value))} /></Field>
            <Field label={words('weeks')}><input type="number" min={1} max={52} value={weeks} onInput={(e) => setWeeks(Number(e.currentTarget.value))} /></Field>
        <Button look="primary" disabled={past || minutes < 5 || minutes > 480 || weeks < 1 || weeks > 52} onClick={offer}>{words('offer')}</Button><Button onClick={onDrop}>{common('cancel')}</Button>
    </section>;
}

function SlotDialog({ slot, onClose, onDone }: { slot: Slot; onClose(): void; onDone(): void }): JSX.Element {
    const withdraw = async (): Promise<void> => {
        await server.call('schedule.withdraw', { slotId: slot.id });
        toast(words('withdrawn'), 'good');
        onDone();
    };
    return <><p>{dayWords(new Date(slot.start))} {clock(slot.start)}–{clock(slot.end)} · {words(slot.free ? 'free' : 'taken')}</p>
        <div class="buttons">{slot.free && <Button look="danger" onClick={withdraw}>{words('withdraw')}</Button>}<Button onClick={onClose}>{words('leaveIt')}</Button></div></>;
}

interface GridProps { monday: Date; slots: Slot[]; chosen: Chosen | null; onChoose(chosen: Chosen | null): void; onOpen(slot: Slot): void }

function Grid({ monday, slots, chosen, onChoose, onOpen }: GridProps): JSX.Element {
    const [at, setAt] = useState<Cell>({ day: (new Date().getDay() + 6) % 7, slot: 4 });
    const anchor = useRef<Cell | null>(null);
    const drawing = useRef(false);
    const grid = useRef<HTMLTableElement>(null);
    const wantFocus = useRef(false);
    const found = slotsByCell(slots, monday);
    useEffect(() => {
        if (wantFocus.current) grid.current?.querySelector<HTMLElement>(`[data-cell="${at.day}/${at.slot}"]`)?.focus();
        wantFocus.current = false;
    }, [at]);
    useEffect(() => {
        const up = (): void => void (drawing.current = false);
        addEventListener('pointerup', up);
        return () => removeEventListener('pointerup', up);
    }, []);
    const cellOf = (target: EventTarget | null): Cell | null => {
        const text = (target as HTMLElement | null)?.closest?.<HTMLElement>('[data-cell]')?.dataset['cell'];
        if (!text) return null;
        const [day, slot] = text.split('/').map(Number);
        return { day: day!, slot: slot! };
    };
    const key = (event: KeyboardEvent): void => {
        const next = stepOf(at, event.key);
        if (next) {
            event.preventDefault();
            wantFocus.current = true;
            if (event.shiftKey) {
                anchor.current ??= at;
                onChoose(chosenBetween(anchor.current, next));
                next.day = anchor.current.day;
            } else anchor.current = null;
            setAt(next);
        } else if (event.key === 'Escape') {
            anchor.current = null;
            onChoose(null);
        } else if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            const there = found.get(`${at.day}/${at.slot}`);
            if (there) onOpen(there[0]!);
            else if (!isChosen(chosen, at)) onChoose(chosenBetween(at, at));
        }
    };
    const down = (event: PointerEvent): void => {
        const cell = cellOf(event.target);
        if (!cell || event.button !== 0 || (event.target as HTMLElement).closest('.coordinator-slot')) return;
        if (event.pointerType !== 'touch') event.preventDefault();
        drawing.current = event.pointerType !== 'touch'; // a finger scrolls; a tap chooses
        anchor.current = event.pointerType === 'touch' && chosen && chosen.day === cell.day ? { day: cell.day, slot: chosen.from } : cell;
        wantFocus.current = true;
        setAt(cell);
        onChoose(chosenBetween(anchor.current, cell));
    };
    const over = (event: PointerEvent): void => {
        const cell = drawing.current ? cellOf(event.target) : null;
        if (cell && anchor.current) onChoose(chosenBetween(anchor.current, cell));
    };
    return <div class="coordinator-scrollx"><table class="coordinator-week" role="grid" aria-label={words('slots')} ref={grid} onKeyDown={key} onPointerDown={down} onPointerOver={over}>
        <thead><tr><th scope="col">{words('hour')}</th>{[0, 1, 2, 3, 4, 5, 6].map((d) => <th scope="col" key={d}>{dayWords(dayOf(monday, d))}</th>)}</tr></thead>
        <tbody>{Array.from({ length: CELLS }, (_, slot) => <tr key={slot}>
            <th scope="row"><span class={slot % 2 ? 'sr' : ''}>{clock(timeOfCell(monday, { day: 0, slot }).toISOString())}</span></th>
            {[0, 1, 2, 3, 4, 5, 6].map((day) => {
                const here = found.get(`${day}/${slot}`);
                const time = timeOfCell(monday, { day, slot });
                return <td key={day} role="gridcell" data-cell={`${day}/${slot}`} tabIndex={at.day === day && at.slot === slot ? 0 : -1} aria-selected={isChosen(chosen, { day, slot })} class={isChosen(chosen, { day, slot }) ? 'chosen' : time.getTime() < Date.now() ? 'past' : ''}
                    aria-label={`${dayWords(time)} ${clock(time.toISOString())} ${here ? here.map((s) => words(s.free ? 'free' : 'taken')).join(' ') : ''}`}>
                    {here?.map((s) => <button type="button" tabIndex={-1} key={s.id} class={`coordinator-slot ${s.free ? 'free' : 'taken'}`} onClick={() => onOpen(s)}>{clock(s.start)} {words(s.free ? 'free' : 'taken')}</button>)}</td>;
            })}</tr>)}</tbody></table></div>;
}

export function SlotsPage({ panelId }: { panelId: string }): JSX.Element {
    const [week, setWeek] = useState(0);
    const [chosen, setChosen] = useState<Chosen | null>(null);
    const [opened, setOpened] = useState<Slot | null>(null);
    const monday = mondayOf(new Date(), week);
    const load = useLoad(async () => (await server.call('schedule.slots', { panelId, from: monday.toISOString(), until: dayOf(monday, 7).toISOString() })).slots, [panelId, week]);
    const again = (): void => { setChosen(null); setOpened(null); load.again(); };
    const turn = (by: number): void => { setChosen(null); setWeek((w) => w + by); };
    return <>
        <div class="buttons"><Button onClick={() => turn(-1)}>← {words('previousWeek')}</Button><strong role="status">{dayWords(monday)} – {dayWords(dayOf(monday, 6))}</strong><Button onClick={() => turn(1)}>{words('nextWeek')} →</Button></div>
        <p class="muted">{words('slotsHelp')}</p>
        <Loaded of={load}>{(slots) => <Grid monday={monday} slots={slots} chosen={chosen} onChoose={setChosen} onOpen={setOpened} />}</Loaded>
        {chosen && <Offer key={`${week}/${chosen.day}`} panelId={panelId} slots={load.value ?? []} monday={monday} chosen={chosen} onDone={again} onDrop={() => setChosen(null)} />}
        <Dialog open={opened !== null} title={words('slot')} onClose={() => setOpened(null)}>{opened && <SlotDialog slot={opened} onClose={() => setOpened(null)} onDone={again} />}</Dialog>
    </>;
}
