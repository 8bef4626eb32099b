// SPDX-License-Identifier: Apache-2.0
// The connection of this page: same origin, token in a cookie that scripts can't read, and what is asked by HTTP.
import { Connection, type Environment, type SocketLike } from './connection';

const SEEN = 'shanqiao.seen'; // number of the last notification; nothing of a patient
const OWED = 'shanqiao.signOutOwed';

const AGAIN_MS = [300, 1000, 3000]; // what a change of network cut off

/** Asked again after each of `waits` while no answer comes. */
async function asked(path: string, init: RequestInit, waits: number[]): Promise<Response> {
    for (const ms of waits) {
        const reply = await fetch(path, init).catch(() => null);
        if (reply) return reply;
        await new Promise((resolve) => setTimeout(resolve, ms));
    }
    return fetch(path, init);
}

const environment: Environment = {
    open: () => new WebSocket(`wss://${location.host}/v1`, 'shanqiao.v1') as unknown as SocketLike,
    keepToken: async (token) => {
        const init: RequestInit = token ? { method: 'POST', headers: { authorization: `Bearer ${token}` } } : { method: 'DELETE' };
        const reply = await asked('/v1/session', init, token ? AGAIN_MS : []);
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
