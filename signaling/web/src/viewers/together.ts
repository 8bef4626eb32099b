// SPDX-License-Identifier: Apache-2.0
// One material (and its frame) that a room looks at together: who showed it last leads, the others follow.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { account } from '../app/session';
import { server } from '../wire/server';

export interface Shown { materialId: string; frame: number | null; by: string }

const shown = signal<Record<string, Shown>>({});
const me = (): string => account.value?.id ?? '';

server.on('room.signalled', ({ room, by, kind, body }) => {
    const { materialId, frame } = body as { materialId?: unknown; frame?: unknown };
    if (kind !== 'view' || typeof materialId !== 'string' || by === me()) return;
    shown.value = { ...shown.value, [room]: { materialId, frame: Number.isInteger(frame) ? (frame as number) : null, by } };
});

/** What somebody of the room shows to all, and who; undefined: nothing yet. */
export function shownIn(room: string): Shown | undefined {
    return shown.value[room];
}

/** Asks everybody in the room to look at this one. */
export function showTogether(room: string, materialId: string, frame: number | null = null): void {
    shown.value = { ...shown.value, [room]: { materialId, frame, by: me() } };
    server.call('room.signal', { room, kind: 'view', body: { materialId, ...(frame === null ? {} : { frame }) } }).catch(() => undefined); // of this moment only
}

/** The leader's frames are told, the others' follow. */
export function useSharedFrame(room: string | undefined, materialId: string, frame: number, set: (frame: number) => void): void {
    const now = room ? shown.value[room] : undefined;
    const here = now?.materialId === materialId ? now : undefined;
    useEffect(() => { if (room && here?.by === me() && here.frame !== frame) showTogether(room, materialId, frame); }, [frame]);
    useEffect(() => { if (here && here.by !== me() && here.frame !== null && here.frame !== frame) set(here.frame); }, [here?.by, here?.frame]);
}
