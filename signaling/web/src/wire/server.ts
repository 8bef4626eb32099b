// SPDX-License-Identifier: Apache-2.0
// The connection of this page: same origin, token in a cookie that scripts can't read, and what is asked by HTTP.
import { Connection, type Environment, type SocketLike } from './connection';

const SEEN = 'shanqiao.seen'; // number of the last notification; nothing of a patient
const OWED = 'shanqiao.signOutOwed';

const environment: Environment = {
    open: () => new WebSocket(`wss://${location.host}/v1`, 'shanqiao.v1') as unknown as SocketLike,
    keepToken: async (token) => {
        const init: RequestInit = token ? { method: 'POST', headers: { authorization: `Bearer ${token}` } } : { method: 'DELETE' };
        const reply = await fetch('/v1/session', init);
        if (!reply.ok) throw new Error(`the session was not kept (${reply.status})`);
    },
    seen: {
        get: () => { const text = localStorage.getItem(SEEN); return text === null ? null : Number(text); },
        set: (seq) => (seq === null ? localStorage.removeItem(SEEN) : localStorage.setItem(SEEN, String(seq))),
    },
    owed: { get: () => localStorage.getItem(OWED) !== null, set: (owed) => (owed ? localStorage.setItem(OWED, '1') : localStorage.removeItem(OWED)) },
    now: () => Date.now(),
    later: (action, ms) => { const timer = setTimeout(action, ms); return () => clearTimeout(timer); },
    id: () => crypto.randomUUID(),
};

export const server = new Connection(environment);

/** Is there a session to resume, as far as is known here? */
export const sessionKept = (): boolean => environment.seen.get() !== null;

addEventListener('online', () => server.hurry());
addEventListener('offline', () => server.lost());
document.addEventListener('visibilitychange', () => { if (!document.hidden) server.hurry(); });
