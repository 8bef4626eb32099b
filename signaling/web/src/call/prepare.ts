// SPDX-License-Identifier: Apache-2.0
// Seats of this page by consultation: made while it rings or when the call page opens, whichever is first.
import { Device } from 'mediasoup-client';
import { account } from '../app/session';
import { running } from '../app/running';
import { server } from '../wire/server';
import { allowed } from './capture';
import { CallMedia, type MediaEnvironment } from './media';
import { Seat } from './seat';

const KEPT = 'shanqiao.transports'; // ids only: a reload closes what its former page had open
const seats = new Map<string, Seat>();

function keptOf(room: string): MediaEnvironment['kept'] {
    const all = (): Record<string, string[]> => {
        try {
            return JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Record<string, string[]>;
        } catch {
            return {};
        }
    };
    return {
        get: () => all()[room] ?? [],
        set: (ids) => {
            const { [room]: former, ...others } = all();
            localStorage.setItem(KEPT, JSON.stringify(ids.length ? { ...others, [room]: ids } : others));
        },
    };
}

function environment(room: string): MediaEnvironment {
    return { server, device: () => Device.factory(), now: () => performance.now(), kept: keptOf(room), later: (action, ms) => { const timer = setTimeout(action, ms); return () => clearTimeout(timer); } };
}

/** The seat in that call, made if there is none. */
export function take(id: string): Seat {
    let seat = seats.get(id);
    if (!seat) seats.set(id, (seat = new Seat(id, account.value!.id, new CallMedia(id, environment(id)))));
    return seat;
}

/** While it rings: transports come up, and devices where nothing has to be asked. Nobody is heard before the answer. */
export async function begin(id: string): Promise<void> {
    const seat = take(id);
    void import('./call'); // the page's code is here when it is answered
    if (await allowed()) await seat.capture();
}

export function forget(id: string): void {
    seats.get(id)?.close();
    seats.delete(id);
    if (running.value === id) running.value = null;
}

/** The seat of the running call, for what is shown beside other pages. */
export function seatOf(id: string): Seat | undefined {
    return seats.get(id);
}

server.on('consultation.ringStopped', ({ id }) => { if (running.value !== id) forget(id); });
server.on('consultation.removed', ({ id }) => forget(id));
account.subscribe((who) => { if (!who) for (const id of [...seats.keys()]) forget(id); });
server.ended.subscribe((why) => { if (why) for (const id of [...seats.keys()]) forget(id); }); // another page goes on, or nobody does
