// SPDX-License-Identifier: Apache-2.0
// A panel's roster as a grid of a week: bars from shifts, shifts moved and stretched, hours that nobody covers, two
// people's changes laid over one another. Pure. Times are wall-clock minutes of the panel's institution; an end at or
// before the start is on the next day, as the server has it (signaling/duty/roster.h).
import type { Result } from '../wire/connection';

export type Roster = Result<'roster.get'>;
export type Shift = Roster['shifts'][number];
export type Exception = Roster['exceptions'][number];
export type Weekday = Shift['weekdays'][number];
export interface Edited { shifts: Shift[]; exceptions: Exception[] }

export const WEEKDAYS: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
export const DAY_MIN = 1440;
export const STEP_MIN = 30;

export function minutesOf(text: string): number {
    return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}

export function clockOf(minutes: number): string {
    const of = ((minutes % DAY_MIN) + DAY_MIN) % DAY_MIN;
    return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
}

/** 30 to 1440. */
export function lengthOf(shift: Pick<Shift, 'start' | 'end'>): number {
    const length = minutesOf(shift.end) - minutesOf(shift.start);
    return length > 0 ? length : length + DAY_MIN;
}

/** One shift on one weekday. `startMin` counts from Monday 00:00; a bar may reach over the end of Sunday. */
export interface Bar { shift: number; weekday: Weekday; account: string; startMin: number; endMin: number }

export function barsOf(shifts: Shift[]): Bar[] {
    return shifts.flatMap((s, shift) => s.weekdays.map((weekday) => {
        const startMin = WEEKDAYS.indexOf(weekday) * DAY_MIN + minutesOf(s.start);
        return { shift, weekday, account: s.account, startMin, endMin: startMin + lengthOf(s) };
    }));
}

/** The parts of a bar that lie on one day column, as minutes of that day; Sunday's night goes to Monday. */
export function partsOn(bar: Bar, weekday: Weekday): { from: number; until: number } | null {
    const day = WEEKDAYS.indexOf(weekday) * DAY_MIN;
    for (const shift of [0, -7 * DAY_MIN]) {
        const from = Math.max(bar.startMin + shift, day), until = Math.min(bar.endMin + shift, day + DAY_MIN);
        if (from < until) return { from: from - day, until: until - day };
    }
    return null;
}

const replace = (shifts: Shift[], at: number, by: Shift): Shift[] => shifts.map((s, i) => (i === at ? by : s));
const snap = (minutes: number): number => Math.round(minutes / STEP_MIN) * STEP_MIN;

/** All weekdays of the shift begin and end earlier or later; it stays within the day on which it starts. */
export function moveTime(shifts: Shift[], at: number, byMin: number): Shift[] {
    const s = shifts[at]!;
    const start = Math.min(DAY_MIN - STEP_MIN, Math.max(0, snap(minutesOf(s.start) + byMin)));
    return replace(shifts, at, { ...s, start: clockOf(start), end: clockOf(start + lengthOf(s)) });
}

export function moveEnd(shifts: Shift[], at: number, byMin: number): Shift[] {
    const s = shifts[at]!;
    const length = Math.min(DAY_MIN, Math.max(STEP_MIN, lengthOf(s) + snap(byMin)));
    return replace(shifts, at, { ...s, end: clockOf(minutesOf(s.start) + length) });
}

export function moveStart(shifts: Shift[], at: number, byMin: number): Shift[] {
    const s = shifts[at]!;
    const end = minutesOf(s.start) + lengthOf(s);
    const start = Math.min(end - STEP_MIN, Math.max(0, end - DAY_MIN, minutesOf(s.start) + snap(byMin)), DAY_MIN - STEP_MIN);
    return replace(shifts, at, { ...s, start: clockOf(start), end: clockOf(end) });
}

/** One weekday of the shift becomes another; the same shifts where it is there already, or beyond the week. */
export function moveDay(shifts: Shift[], at: number, weekday: Weekday, byDays: number): Shift[] {
    const s = shifts[at]!;
    const to = WEEKDAYS[WEEKDAYS.indexOf(weekday) + byDays];
    if (!to || s.weekdays.includes(to)) return shifts;
    return replace(shifts, at, { ...s, weekdays: sortDays(s.weekdays.map((d) => (d === weekday ? to : d))) });
}

export function giveTo(shifts: Shift[], at: number, account: string): Shift[] {
    return replace(shifts, at, { ...shifts[at]!, account });
}

/** One weekday leaves the shift; the last takes the shift along. */
export function removeDay(shifts: Shift[], at: number, weekday: Weekday): Shift[] {
    const weekdays = shifts[at]!.weekdays.filter((d) => d !== weekday);
    return weekdays.length ? replace(shifts, at, { ...shifts[at]!, weekdays }) : shifts.filter((_, i) => i !== at);
}

export function sortDays(days: Weekday[]): Weekday[] {
    return WEEKDAYS.filter((d) => days.includes(d));
}

/** Is the shift in force on some day of the week that begins on `monday` (YYYY-MM-DD)? */
export function inWeek(shift: Shift, monday: string): boolean {
    const last = new Date(Date.parse(`${monday}T00:00:00Z`) + 6 * 86_400_000).toISOString().slice(0, 10);
    return (!shift.from || shift.from <= last) && (!shift.until || shift.until >= monday);
}

/** Hours of the week that no shift covers, as minutes from Monday 00:00. */
export function gapsOf(shifts: Shift[]): { from: number; until: number }[] {
    const week = 7 * DAY_MIN;
    const covered = barsOf(shifts).flatMap((b) => (b.endMin > week ? [{ from: b.startMin, until: week }, { from: 0, until: b.endMin - week }] : [{ from: b.startMin, until: b.endMin }]));
    covered.sort((a, b) => a.from - b.from);
    const gaps: { from: number; until: number }[] = [];
    let at = 0;
    for (const c of covered) {
        if (c.from > at) gaps.push({ from: at, until: c.from });
        at = Math.max(at, c.until);
    }
    if (at < week) gaps.push({ from: at, until: week });
    return gaps;
}

// ---- two people at once ----

const same = (a: object, b: object): boolean => textOf(a) === textOf(b);
const textOf = (value: object): string => JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b))));

function lay<T extends object>(base: T[], mine: T[], theirs: T[]): T[] {
    const gone = base.filter((b) => !mine.some((m) => same(b, m)));
    const come = mine.filter((m) => !base.some((b) => same(b, m)));
    const kept = theirs.filter((t) => !gone.some((g) => same(g, t)));
    return [...kept, ...come.filter((c) => !kept.some((k) => same(k, c)))];
}

/** What I changed since `base`, done to what the others made of it. */
export function merge(base: Edited, mine: Edited, theirs: Edited): Edited {
    return { shifts: lay(base.shifts, mine.shifts, theirs.shifts), exceptions: lay(base.exceptions, mine.exceptions, theirs.exceptions) };
}

export function differs(a: Edited, b: Edited): boolean {
    const shape = (e: Edited): string => JSON.stringify([e.shifts.map(textOf).sort(), e.exceptions.map(textOf).sort()]);
    return shape(a) !== shape(b);
}

// ---- a bar that a hand moves ----

export type Grip = 'whole' | 'start' | 'end';

/** What the shifts are after the bar was drawn `byMin` minutes along the week. */
export function drawn(shifts: Shift[], bar: Pick<Bar, 'shift' | 'weekday'>, grip: Grip, byMin: number): Shift[] {
    if (grip === 'start') return moveStart(shifts, bar.shift, byMin);
    if (grip === 'end') return moveEnd(shifts, bar.shift, byMin);
    const start = minutesOf(shifts[bar.shift]!.start);
    const to = start + snap(byMin);
    const byDays = Math.floor(to / DAY_MIN);
    const day = WEEKDAYS.indexOf(bar.weekday) + byDays;
    if (day < 0 || day > 6) return shifts;
    const there = byDays ? moveDay(shifts, bar.shift, bar.weekday, byDays) : shifts;
    return byDays && there === shifts ? shifts : moveTime(there, bar.shift, to - byDays * DAY_MIN - start);
}
