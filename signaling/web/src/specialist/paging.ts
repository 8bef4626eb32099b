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
    again(): void;
    change(f: (items: T[]) => T[]): void;
}

const APART_MS = 120; // below 20 messages a second with room for everything else

/** Begins anew when `key` changes. */
export function usePages<T>(load: (cursor: string | undefined) => Promise<PageOf<T>>, key: unknown[]): Pages<T> {
    const [state, setState] = useState<{ items: T[]; more: boolean; loading: boolean; error: unknown }>({ items: [], more: true, loading: true, error: null });
    const now = useRef({ cursor: undefined as string | undefined, busy: false, turn: 0, last: 0, more: true });
    const one = async (): Promise<void> => {
        const at = now.current;
        if (at.busy || !at.more) return;
        at.busy = true;
        const { turn } = at;
        setState((s) => ({ ...s, loading: true, error: null }));
        const wait = at.last + APART_MS - Date.now();
        if (wait > 0) await new Promise((done) => setTimeout(done, wait));
        try {
            const page = await load(at.cursor);
            if (turn !== now.current.turn) return;
            const first = at.cursor === undefined;
            at.cursor = page.cursor;
            at.more = page.cursor !== undefined;
            setState((s) => ({ items: first ? page.items : [...s.items, ...page.items], more: at.more, loading: false, error: null }));
        } catch (error) {
            if (turn === now.current.turn) setState((s) => ({ ...s, loading: false, error }));
        } finally {
            at.last = Date.now();
            if (turn === now.current.turn) at.busy = false;
        }
    };
    const again = (): void => {
        now.current = { cursor: undefined, busy: false, turn: now.current.turn + 1, last: now.current.last, more: true };
        void one();
    };
    useEffect(again, key);
    useEffect(() => () => void now.current.turn++, []);
    return { ...state, next: () => void one(), again, change: (f) => setState((s) => ({ ...s, items: f(s.items) })) };
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
