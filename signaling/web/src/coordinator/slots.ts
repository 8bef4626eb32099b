// SPDX-License-Identifier: Apache-2.0
// A week of slots as a grid of half hours, and the span that a hand or the arrow keys choose in it. Pure. Times are of
// this machine's zone.
export interface Cell { day: number; slot: number } // day 0 Monday; slot: half hours since FIRST_HOUR
export interface Chosen { day: number; from: number; until: number } // slots, until exclusive

export const FIRST_HOUR = 7;
export const LAST_HOUR = 22;
export const CELLS = (LAST_HOUR - FIRST_HOUR) * 2;

/** Monday 00:00 of the week `offset` weeks from `now`. */
export function mondayOf(now: Date, offset: number): Date {
    const day = (now.getDay() + 6) % 7;
    return new Date(now.getFullYear(), now.getMonth(), now.getDate() - day + offset * 7);
}

export function dayOf(monday: Date, day: number): Date {
    return new Date(monday.getFullYear(), monday.getMonth(), monday.getDate() + day);
}

export function timeOfCell(monday: Date, cell: Cell): Date {
    const date = dayOf(monday, cell.day);
    date.setHours(FIRST_HOUR + Math.floor(cell.slot / 2), (cell.slot % 2) * 30);
    return date;
}

/** From where the choosing began to where it is now: always on the day where it began. */
export function chosenBetween(anchor: Cell, now: Cell): Chosen {
    return { day: anchor.day, from: Math.min(anchor.slot, now.slot), until: Math.max(anchor.slot, now.slot) + 1 };
}

export function isChosen(chosen: Chosen | null, cell: Cell): boolean {
    return chosen !== null && chosen.day === cell.day && cell.slot >= chosen.from && cell.slot < chosen.until;
}

const STEPS: Record<string, [number, number]> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], PageUp: [0, -4], PageDown: [0, 4] };

/** Where a key leads; null: it leads nowhere. */
export function stepOf(cell: Cell, key: string): Cell | null {
    if (key === 'Home') return { ...cell, slot: 0 };
    if (key === 'End') return { ...cell, slot: CELLS - 1 };
    const step = STEPS[key];
    if (!step) return null;
    return { day: Math.min(6, Math.max(0, cell.day + step[0])), slot: Math.min(CELLS - 1, Math.max(0, cell.slot + step[1])) };
}

/** Local date and times -> a span of the wire; null: not a span. An end at or before the start is none. */
export function spanOf(date: string, from: string, until: string): { start: string; end: string } | null {
    const start = new Date(`${date}T${from}`), end = new Date(`${date}T${until}`);
    if (!date || !from || !until || Number.isNaN(start.getTime()) || Number.isNaN(end.getTime()) || end <= start) return null;
    return { start: start.toISOString(), end: end.toISOString() };
}

/** Slots that lie in a cell, by "day/slot" of their start. */
export function slotsByCell<T extends { start: string }>(slots: T[], monday: Date): Map<string, T[]> {
    const map = new Map<string, T[]>();
    for (const s of slots) {
        const date = new Date(s.start);
        const day = Math.round((new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime() - monday.getTime()) / 86_400_000);
        const slot = Math.min(CELLS - 1, Math.max(0, (date.getHours() - FIRST_HOUR) * 2 + Math.floor(date.getMinutes() / 30)));
        const key = `${day}/${slot}`;
        map.set(key, [...(map.get(key) ?? []), s]);
    }
    return map;
}
