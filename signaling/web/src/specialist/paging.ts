// SPDX-License-Identifier: Apache-2.0
// Lists that come a page at a time, asked for in order and not faster than the server's rate allows; and what makes a
// page new: a case that changed, time that passed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { watchCases } from '../case/live';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';

export interface PageOf<T> { items: T[]; cursor?: string | undefined }
export interface Pages<T> {
    items: T[];
    more: boolean; // there are further ones
    loading: boolean;
    error: unknown;
    next(): void;
    again(): void; // from the first page
    refresh(): void; // what is here, as it is now
    change(f: (items: T[]) => T[]): void;
}

const APART_MS = 120; // below 20 messages a second with room for everything else

/** Pages until there are `count`, one after the other; null: nobody wants them any more. */
async function sameAgain<T>(load: (cursor: string | undefined) => Promise<PageOf<T>>, count: number, wanted: () => boolean): Promise<PageOf<T> | null> {
    const items: T[] = [];
    for (let cursor: string | undefined; ;) {
        const page = await load(cursor);
        items.push(...page.items);
        cursor = page.cursor;
        if (!wanted()) return null;
        if (cursor === undefined || items.length >= count) return { items, cursor };
        await new Promise((done) => setTimeout(done, APART_MS));
    }
}

/** Begins anew when `key` changes. */
export function usePages<T>(load: (cursor: string | undefined) => Promise<PageOf<T>>, key: unknown[]): Pages<T> {
    const latest = useRef(load); // who calls later may have been made before
    latest.current = load;
    const [state, setState] = useState<{ items: T[]; more: boolean; loading: boolean; error: unknown }>({ items: [], more: true, loading: true, error: null });
    const now = useRef({ cursor: undefined as string | undefined, busy: false, turn: 0, last: 0, more: true, count: 0, stale: false });
    const one = async (): Promise<void> => {
        const at = now.current;
        if (at.busy || !at.more) return;
        at.busy = true;
        const { turn } = at;
        setState((s) => ({ ...s, loading: true, error: null }));
        const wait = at.last + APART_MS - Date.now();
        if (wait > 0) await new Promise((done) => setTimeout(done, wait));
        try {
            const page = await latest.current(at.cursor);
            if (turn !== now.current.turn) return;
            const first = at.cursor === undefined;
            at.cursor = page.cursor;
            at.more = page.cursor !== undefined;
            at.count = (first ? 0 : at.count) + page.items.length;
            setState((s) => ({ items: first ? page.items : [...s.items, ...page.items], more: at.more, loading: false, error: null }));
        } catch (error) {
            if (turn === now.current.turn) setState((s) => ({ ...s, loading: false, error }));
        } finally {
            settle(at, turn);
        }
    };
    /** As many as are here, and then all of them at once: who has scrolled down stays where he is. */
    const refresh = async (): Promise<void> => {
        const at = now.current;
        if (at.busy || at.count === 0) { at.stale = at.busy && at.count > 0; return at.busy && at.count > 0 ? undefined : again(); }
        at.busy = true;
        const { turn } = at;
        try {
            const fresh = await sameAgain(latest.current, at.count, () => turn === now.current.turn);
            if (!fresh || turn !== now.current.turn) return;
            Object.assign(at, { cursor: fresh.cursor, more: fresh.cursor !== undefined, count: fresh.items.length });
            setState({ items: fresh.items, more: at.more, loading: false, error: null });
        } catch (error) {
            if (turn === now.current.turn) setState((s) => ({ ...s, error }));
        } finally {
            settle(at, turn);
        }
    };
    const settle = (at: typeof now.current, turn: number): void => {
        at.last = Date.now();
        if (turn !== now.current.turn) return;
        at.busy = false;
        if (at.stale) { at.stale = false; void refresh(); }
    };
    const again = (): void => {
        now.current = { cursor: undefined, busy: false, turn: now.current.turn + 1, last: now.current.last, more: true, count: 0, stale: false };
        void one();
    };
    useEffect(again, key);
    useEffect(() => () => void now.current.turn++, []);
    return { ...state, next: () => void one(), again, refresh: () => void refresh(), change: (f) => setState((s) => ({ ...s, items: f(s.items) })) };
}

const SETTLE_MS = 400;

/** Calls `again` a moment after a case changed, a reading waits, or the connection came back with gaps. */
export function useFresh(again: () => void, concerns: (c: Consultation) => boolean = () => true): void {
    const latest = useRef(again);
    latest.current = again;
    useEffect(() => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const soon = (): void => { clearTimeout(timer); timer = setTimeout(() => latest.current(), SETTLE_MS); };
        const off = [watchCases((c) => { if (concerns(c)) soon(); }), server.on('consultation.reminder', soon), server.on('consultation.removed', soon), server.onReload(soon)];
        return () => { clearTimeout(timer); off.forEach((f) => f()); };
    }, []);
}

const TICK_MS = 20_000;

/** The time, ms, and the component anew as it passes: for what becomes possible by itself. */
export function useNow(): number {
    const [now, setNow] = useState(Date.now());
    useEffect(() => { const timer = setInterval(() => setNow(Date.now()), TICK_MS); return () => clearInterval(timer); }, []);
    return now;
}
