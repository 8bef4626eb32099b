// SPDX-License-Identifier: Apache-2.0
// The marks on one material: kept with the case (material.mark), and while they are drawn seen by all in the room
// (room.signal). One's own that could not be sent yet wait in the sealed keep.
import { useEffect, useRef, useState } from 'preact/hooks';
import { account, keep } from '../../app/session';
import { peopleOf } from '../../case/live';
import { tell } from '../../ui/ui';
import { server } from '../../wire/server';
import type { Point } from '../placement';
import { asMark, bare, ownOf, withOwn, type Mark } from './model';

export interface Live { mark: Mark | null; pointer: { at: Point; frame: number } | null; until: number }

export interface MarksSession {
    marks: Mark[];
    by: string[]; // who has any, in the order of the server
    live: Map<string, Live>;
    me: string;
    names: ReadonlyMap<string, string>; // of the people of the case, as far as they are known
    add(mark: Mark): void;
    undo(): void;
    clear(): void;
    draft(mark: Mark | null): void; // while it is drawn
    point(at: Point | null, frame: number): void;
}

const DRAFT_EVERY_MS = 150;
const POINTER_EVERY_MS = 110; // with drafts within the 15 a second of room.signal
const LIVE_MS = 3000; // what nobody renews goes away

/** Calls at most every `ms`, the last one always. */
function throttled<T extends unknown[]>(ms: number, action: (...args: T) => void): (...args: T) => void {
    let timer = 0;
    let waiting: T | null = null;
    const run = (): void => {
        timer = 0;
        if (!waiting) return;
        const args = waiting;
        waiting = null;
        timer = window.setTimeout(run, ms);
        action(...args);
    };
    return (...args) => { waiting = args; if (!timer) run(); };
}

interface Kept { marks: Mark[]; by: string[] }

export function useMarks({ id: materialId, consultationId }: { id: string; consultationId: string }, room: string | undefined): MarksSession {
    const me = account.value?.id ?? '';
    const [kept, setKept] = useState<Kept>({ marks: [], by: [] });
    const [live, setLive] = useState<Map<string, Live>>(new Map());
    const now = useRef(kept);
    now.current = kept;
    const pendingName = `marks/${materialId}`;

    const save = async (own: Mark[]): Promise<void> => {
        await keep.value?.put(pendingName, own);
        await server.call('material.mark', { id: materialId, marks: bare(own) });
        await keep.value?.delete(pendingName);
    };
    const change = (own: Mark[]): void => {
        setKept((k) => ({ by: k.by, marks: withOwn(k.marks, me, own) }));
        save(own).catch(tell);
    };
    const load = async (): Promise<void> => {
        const [got, pending] = await Promise.all([server.call('material.marks', { id: materialId }), keep.value?.get<Mark[]>(pendingName)]);
        const marks = pending ? withOwn(got.marks, me, pending) : got.marks;
        setKept({ marks, by: got.by });
        if (pending) await save(pending);
    };
    useEffect(() => {
        load().catch(tell);
        const off = [
            server.on('material.marked', ({ id, by }) => { if (id === materialId && by !== me) load().catch(tell); }),
            server.onReload(() => void load().catch(tell)),
        ];
        return () => off.forEach((f) => f());
    }, [materialId]);
    useEffect(() => hearLive(materialId, room, me, setLive), [materialId, room]);

    const signal = (kind: 'marks' | 'pointer', body: object): void => {
        if (room && server.state.value === 'ready') server.call('room.signal', { room, kind, body: { materialId, ...body } }).catch(() => undefined); // of this moment only
    };
    const senders = useRef<{ draft(m: Mark | null): void; point(at: Point | null, frame: number): void }>();
    senders.current ??= { draft: throttled(DRAFT_EVERY_MS, (mark) => signal('marks', { mark })), point: throttled(POINTER_EVERY_MS, (at, frame) => signal('pointer', { at, frame })) };
    return {
        ...kept, live, me, names: peopleOf(consultationId),
        add: (mark) => { senders.current!.draft(null); change([...ownOf(now.current.marks, me), mark]); },
        undo: () => change(ownOf(now.current.marks, me).slice(0, -1)),
        clear: () => change([]),
        draft: (mark) => room && senders.current!.draft(mark && bare([mark])[0]!),
        point: (at, frame) => room && senders.current!.point(at, frame),
    };
}

/** Drafts and pointers of the others in the room. */
function hearLive(materialId: string, room: string | undefined, me: string, set: (next: (m: Map<string, Live>) => Map<string, Live>) => void): () => void {
    if (!room) return () => undefined;
    const off = server.on('room.signalled', ({ room: where, by, kind, body }) => {
        const b = body as { materialId?: unknown; mark?: unknown; at?: unknown; frame?: unknown };
        if (where !== room || by === me || b.materialId !== materialId || (kind !== 'marks' && kind !== 'pointer')) return;
        set((all) => {
            const before = all.get(by) ?? { mark: null, pointer: null, until: 0 };
            const place = asMark({ shape: 'line', points: [b.at] });
            const next = kind === 'marks' ? { ...before, mark: asMark(b.mark) } : { ...before, pointer: place ? { at: place.points[0] as Point, frame: typeof b.frame === 'number' ? b.frame : 0 } : null };
            return new Map(all).set(by, { ...next, until: Date.now() + LIVE_MS });
        });
    });
    const sweep = setInterval(() => set((all) => ([...all.values()].some((l) => l.until < Date.now()) ? new Map([...all].filter(([, l]) => l.until >= Date.now())) : all)), 1000);
    return () => { off(); clearInterval(sweep); };
}
