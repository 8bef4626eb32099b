// SPDX-License-Identifier: Apache-2.0
// The week of a roster, a row for each member, a bar for each shift on each day. A bar is moved and stretched by hand
// (its middle, its ends) and by keys alone; each change is said. Knows no server.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, useNarrow } from '../ui/ui';
import { DAY_MIN, STEP_MIN, WEEKDAYS, barsOf, clockOf, drawn, giveTo, lengthOf, minutesOf, moveDay, moveEnd, moveStart, moveTime, partsOn, removeDay, type Bar, type Grip, type Roster, type Shift, type Weekday } from './roster';
import { words } from './text';

type Member = Roster['members'][number];
interface Props { members: Member[]; shifts: Shift[]; onChange(shifts: Shift[]): void; onOpen(shift: number): void }

const NARROW_PX = 900; // one day at a time below that
const TEXT_MIN = 480; // a shorter part of a week's bar has no room for its times

function shiftWords(shift: Shift, weekday: Weekday, name: string): string {
    const night = minutesOf(shift.start) + lengthOf(shift) > DAY_MIN ? words('nextDay') : '';
    return words('shiftIs', { name, day: words(`day.${weekday}`), start: shift.start, end: `${shift.end}${night}` });
}

/** What a key does to the shift under it; null: nothing of ours. */
function byKey(shifts: Shift[], bar: Bar, event: KeyboardEvent, members: Member[]): Shift[] | null {
    const step = event.key === 'ArrowLeft' ? -STEP_MIN : event.key === 'ArrowRight' ? STEP_MIN : 0;
    if (step && event.shiftKey) return moveEnd(shifts, bar.shift, step);
    if (step && event.altKey) return moveStart(shifts, bar.shift, step);
    if (step && event.ctrlKey) return moveDay(shifts, bar.shift, bar.weekday, Math.sign(step));
    if (step) return moveTime(shifts, bar.shift, step);
    if (event.key === 'PageUp' || event.key === 'PageDown') return moveDay(shifts, bar.shift, bar.weekday, event.key === 'PageUp' ? -1 : 1);
    if (event.key === 'Delete') return removeDay(shifts, bar.shift, bar.weekday);
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return null;
    const to = members[members.findIndex((m) => m.account.id === bar.account) + (event.key === 'ArrowUp' ? -1 : 1)];
    return to ? giveTo(shifts, bar.shift, to.account.id) : shifts;
}

interface Drag { bar: Bar; grip: Grip; startX: number; minutesPerPx: number; preview: Shift[]; moved: boolean }

/** The row that a point is over. */
function memberAt(x: number, y: number): string | undefined {
    for (const element of document.elementsFromPoint(x, y)) {
        const id = (element as HTMLElement).dataset?.['member'];
        if (id) return id;
    }
    return undefined;
}

export function RosterGrid({ members, shifts, onChange, onOpen }: Props): JSX.Element {
    const narrow = useNarrow(NARROW_PX - 1);
    const [day, setDay] = useState((new Date().getDay() + 6) % 7);
    const [drag, setDrag] = useState<Drag | null>(null);
    const [said, setSaid] = useState('');
    const focus = useRef(''); // "shift/weekday" that keeps the focus over a change
    const days = narrow ? [WEEKDAYS[day]!] : WEEKDAYS;
    const shown = drag?.preview ?? shifts;
    const bars = barsOf(shown);
    const nameOf = (id: string): string => members.find((m) => m.account.id === id)?.account.name ?? id;

    useEffect(() => {
        if (!focus.current) return;
        document.querySelector<HTMLElement>(`[data-bar="${focus.current}"]`)?.focus();
    }, [shifts]);

    const say = (next: Shift[], at: number, weekday: Weekday): void => {
        const shift = next[at];
        setSaid(shift ? shiftWords(shift, shift.weekdays.includes(weekday) ? weekday : shift.weekdays[0]!, nameOf(shift.account)) : words('shiftGone'));
    };
    const key = (event: KeyboardEvent, bar: Bar): void => {
        if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            onOpen(bar.shift);
            return;
        }
        const next = byKey(shifts, bar, event, members);
        if (!next) return;
        event.preventDefault();
        const came = next[bar.shift]?.weekdays.find((d) => !shifts[bar.shift]!.weekdays.includes(d));
        const weekday = came ?? bar.weekday;
        focus.current = `${bar.shift}/${weekday}`;
        if (next !== shifts) {
            onChange(next);
            if (narrow && came) setDay(WEEKDAYS.indexOf(came));
        }
        say(next, bar.shift, weekday);
    };
    const begin = (event: PointerEvent, bar: Bar, grip: Grip): void => {
        if (event.button !== 0) return;
        const track = (event.currentTarget as HTMLElement).closest<HTMLElement>('.coordinator-track')!;
        event.stopPropagation();
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
        setDrag({ bar, grip, startX: event.clientX, minutesPerPx: (days.length * DAY_MIN) / track.clientWidth, preview: shifts, moved: false });
    };
    const move = (event: PointerEvent): void => {
        event.stopPropagation(); // a grip lies in its bar
        if (!drag) return;
        let preview = drawn(shifts, drag.bar, drag.grip, (event.clientX - drag.startX) * drag.minutesPerPx);
        const over = drag.grip === 'whole' ? memberAt(event.clientX, event.clientY) : undefined;
        if (over && over !== drag.bar.account) preview = giveTo(preview, drag.bar.shift, over);
        setDrag({ ...drag, preview, moved: drag.moved || preview !== shifts });
        say(preview, drag.bar.shift, drag.bar.weekday);
    };
    const end = (event: PointerEvent): void => {
        event.stopPropagation();
        if (!drag) return;
        if (drag.moved) onChange(drag.preview);
        else if (drag.grip === 'whole') onOpen(drag.bar.shift);
        setDrag(null);
    };
    const grip = (bar: Bar, which: Grip): JSX.Element => <span class={`coordinator-grip ${which}`} aria-hidden="true" onPointerDown={(e) => begin(e, bar, which)} onPointerMove={move} onPointerUp={end} onPointerCancel={() => setDrag(null)} />;

    return <section class="card" aria-label={words('roster')}>
        <p class="muted" id="roster-help">{words('rosterHelp')}</p>
        {narrow && <div class="buttons"><Button label={words('previousDay')} disabled={day === 0} onClick={() => setDay(day - 1)}>←</Button><strong role="status">{words(`day.${WEEKDAYS[day]!}`)}</strong><Button label={words('nextDayButton')} disabled={day === 6} onClick={() => setDay(day + 1)}>→</Button></div>}
        <div class="coordinator-roster">
            <div class="coordinator-rosterhead" aria-hidden="true"><span />{days.map((d) => <span key={d}>{words(`day.${d}`)}<small><i>6</i><i>12</i><i>18</i></small></span>)}</div>
            {members.map((m) => <div key={m.account.id} class="coordinator-member" role="group" aria-label={m.account.name} data-member={m.account.id}>
                <span class="coordinator-name">{m.account.name}{m.head ? ` (${words('head')})` : ''}</span>
                <div class={`coordinator-track days${days.length}`}>{bars.filter((b) => b.account === m.account.id).flatMap((bar) => days.map((d, column) => {
                    const part = partsOn(bar, d);
                    if (!part) return null;
                    const first = bar.weekday === d;
                    const style = { left: `${((column * DAY_MIN + part.from) / (days.length * DAY_MIN)) * 100}%`, width: `${((part.until - part.from) / (days.length * DAY_MIN)) * 100}%` };
                    return <button key={`${bar.shift}/${bar.weekday}/${d}`} type="button" class={`coordinator-bar ${first ? '' : 'later'} ${drag?.bar.shift === bar.shift ? 'held' : ''}`} style={style} tabIndex={first ? 0 : -1} data-bar={first ? `${bar.shift}/${bar.weekday}` : undefined}
                        title={shiftWords(shown[bar.shift]!, bar.weekday, m.account.name)} aria-label={shiftWords(shown[bar.shift]!, bar.weekday, m.account.name)} aria-describedby="roster-help" onKeyDown={(e) => key(e, bar)} onPointerDown={(e) => begin(e, bar, 'whole')} onPointerMove={move} onPointerUp={end} onPointerCancel={() => setDrag(null)} onFocus={() => (focus.current = '')}
                        onClick={(e) => { if (e.detail === 0) onOpen(bar.shift); } /* a screen reader's press; a hand was seen above */}>
                        {first && grip(bar, 'start')}{(days.length === 1 || part.until - part.from >= TEXT_MIN) && <span class="coordinator-bartext"><span>{clockOf(bar.startMin)}</span><span>{days.length === 1 ? '–' : ' '}{clockOf(bar.endMin)}</span></span>}{grip(bar, 'end')}</button>;
                }))}</div>
            </div>)}
        </div>
        <p class="sr" role="status" aria-live="assertive">{said}</p>
    </section>;
}
