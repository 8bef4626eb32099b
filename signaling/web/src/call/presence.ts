// SPDX-License-Identifier: Apache-2.0
// Being in a call while a component shows it: devices open, one enters whenever one is not there - at first, after a
// drop, when it becomes possible - and what one sends follows the case.
import { useEffect, useState } from 'preact/hooks';
import { running } from '../app/running';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import type { Seat } from './seat';
import { partOf } from './states';

const RETRY_MS = 15_000;

export function usePresence(c: Consultation, seat: Seat): void {
    const part = partOf(c, seat.account);
    const here = c.present.includes(seat.account);
    const ready = server.state.value === 'ready';
    const barred = seat.barred.value !== null;
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        running.value = c.id;
        if (part !== 'observer' && part !== 'none') void seat.capture();
    }, [c.id, part]);
    useEffect(() => { seat.follow(c); }, [c.revision]);
    useEffect(() => { if (ready && (!here || !seat.entered.value)) void seat.enter(); }, [ready, here, c.revision, turn]);
    useEffect(() => {
        if (!barred) return;
        const timer = setInterval(() => setTurn((n) => n + 1), RETRY_MS);
        return () => clearInterval(timer);
    }, [barred]);
}
