// SPDX-License-Identifier: Apache-2.0
// What to do when media falters: wait, restart ICE, or join anew. A pure machine of two transports: events and a time
// in, state and an act out. Refuses to know transports, sockets and the clock.
// The relay is an ICE-lite agent: it never checks by itself, so a new address of ours is found by our own checks only.

export type Direction = 'send' | 'recv';
export type BrowserState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';
export type ServerState = 'new' | 'connecting' | 'connected' | 'interrupted' | 'failed' | 'closed';

export type LinkEvent =
    | { type: 'browser'; direction: Direction; state: BrowserState }
    | { type: 'server'; direction: Direction; state: ServerState }
    | { type: 'signalling'; up: boolean }
    | { type: 'network' } // the machine's network changed
    | { type: 'missed' } // not all notifications were told: streams may be unknown
    | { type: 'joined' } // transports are new
    | { type: 'notJoined' } // joining anew failed for now
    | { type: 'restarted'; ok: boolean } // the server gave new ICE credentials, or did not
    | { type: 'tick' };

export type Mode =
    | 'up'
    | 'waiting' // the relay is silent, or a short disturbance: it may pass by itself
    | 'restarting' // ICE
    | 'joining'; // new transports

export interface Link {
    mode: Mode;
    browser: Record<Direction, BrowserState>;
    signalling: boolean;
    relayDown: boolean;
    owed: Act; // waits for the signalling connection
    dueMs: number; // when the machine wants a tick; Infinity: not
    attempt: number; // of joining
    restarts: number; // of ICE since it was last connected
    restartedMs: number; // last restart
}

export type Act = 'none' | 'restart' | 'join';

export const DISTURBED_MS = 700; // consent checks of ICE falter for shorter than that on a busy radio link
export const RESTART_MS = 4000; // ICE over a mountain link: a few checks of up to 1 s each
export const RELAY_MS = 12_000; // the server tells what becomes of a silent relay 3 s after it fell silent
export const CLOSED_MS = 500; // long enough to hear that the room is over (docs/protocol/signaling.md)
export const JOIN_MS = 15_000; // of one attempt: the server is asked over a link that may be dark
const NETWORK_MS = 1500; // a change of network comes as a burst of events
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const RESTARTS_MAX = 2;

export function newLink(): Link {
    return { mode: 'joining', browser: { send: 'new', recv: 'new' }, signalling: true, relayDown: false, owed: 'none', dueMs: Infinity, attempt: 0, restarts: 0, restartedMs: -Infinity };
}

type Step = [Link, Act];

function wait(link: Link, dueMs: number): Step {
    return [{ ...link, mode: 'waiting', dueMs }, 'none'];
}

function join(link: Link, nowMs: number): Step {
    if (!link.signalling) return [{ ...link, mode: 'waiting', owed: 'join', dueMs: Infinity }, 'none']; // when it is back
    return [{ ...link, mode: 'joining', relayDown: false, owed: 'none', restarts: 0, browser: { send: 'new', recv: 'new' }, dueMs: nowMs + JOIN_MS }, 'join'];
}

function restart(link: Link, nowMs: number): Step {
    if (!link.signalling) return [{ ...link, mode: 'waiting', owed: link.owed === 'join' ? 'join' : 'restart', dueMs: Infinity }, 'none'];
    if (link.restarts >= RESTARTS_MAX) return join(link, nowMs);
    return [{ ...link, mode: 'restarting', owed: 'none', restarts: link.restarts + 1, restartedMs: nowMs, dueMs: nowMs + RESTART_MS }, 'restart'];
}

/** A transport that carries nothing stays `new` and is no reason to act. */
function lost(link: Link): boolean {
    return Object.values(link.browser).some((s) => s === 'disconnected' || s === 'failed' || s === 'closed');
}

function whole(link: Link): boolean {
    return Object.values(link.browser).every((s) => s === 'connected' || s === 'new');
}

function browserSaid(link: Link, direction: Direction, state: BrowserState, nowMs: number): Step {
    const next = { ...link, browser: { ...link.browser, [direction]: state } };
    if (state === 'connected' && whole(next)) return [{ ...next, mode: 'up', relayDown: false, owed: 'none', restarts: 0, attempt: 0, dueMs: Infinity }, 'none'];
    if (next.mode === 'joining') return state === 'failed' ? join({ ...next, attempt: next.attempt + 1 }, nowMs) : [next, 'none'];
    if (state === 'failed' && next.mode !== 'restarting' && !next.relayDown) return restart(next, nowMs);
    if (state === 'disconnected' && next.mode === 'up') return wait(next, nowMs + DISTURBED_MS);
    return [next, 'none'];
}

function serverSaid(link: Link, state: ServerState, nowMs: number): Step {
    if (state === 'interrupted') return wait({ ...link, relayDown: true }, nowMs + RELAY_MS);
    if (state === 'failed') return join(link, nowMs);
    if (state === 'closed') return wait({ ...link, relayDown: true, browser: { send: 'closed', recv: 'closed' } }, nowMs + CLOSED_MS);
    if (state === 'connected' && link.relayDown) return lost(link) ? restart({ ...link, relayDown: false }, nowMs) : [{ ...link, relayDown: false, mode: 'up', dueMs: Infinity }, 'none'];
    return [link, 'none'];
}

function due(link: Link, nowMs: number): Step {
    if (nowMs < link.dueMs) return [link, 'none'];
    const on = { ...link, dueMs: Infinity };
    if (link.mode === 'waiting') return link.relayDown ? join(on, nowMs) : lost(link) ? restart(on, nowMs) : [{ ...on, mode: 'up' }, 'none'];
    if (link.mode === 'restarting') return restart(on, nowMs);
    // requests of an attempt outlive a lost connection under their old id, so a second one beside it would only double it
    if (link.mode === 'joining') return link.signalling ? join(on, nowMs) : [{ ...on, dueMs: nowMs + JOIN_MS }, 'none'];
    return [on, 'none'];
}

/** How long to wait before the next attempt to join. */
export function retryMs(attempt: number): number {
    return RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!;
}

export function step(link: Link, event: LinkEvent, nowMs: number): Step {
    switch (event.type) {
        case 'browser': return browserSaid(link, event.direction, event.state, nowMs);
        case 'server': return serverSaid(link, event.state, nowMs);
        case 'signalling': {
            const next = { ...link, signalling: event.up };
            if (!event.up || link.signalling || link.mode === 'joining') return [next, 'none'];
            if (next.owed === 'join') return join(next, nowMs);
            if (next.mode === 'restarting') return [{ ...next, dueMs: nowMs + RESTART_MS }, 'none']; // what was asked is asked again under its id
            return (next.owed === 'restart' || lost(next)) && !next.relayDown ? restart({ ...next, restarts: 0 }, nowMs) : [next, 'none'];
        }
        case 'network':
            if (link.mode === 'joining' || link.relayDown || nowMs - link.restartedMs < NETWORK_MS) return [link, 'none'];
            return restart({ ...link, restarts: 0 }, nowMs);
        case 'missed': return link.mode === 'joining' ? [link, 'none'] : join(link, nowMs);
        case 'joined': return [{ ...link, mode: 'up', attempt: 0, dueMs: Infinity, relayDown: false }, 'none'];
        case 'notJoined': return [{ ...link, mode: 'joining', attempt: link.attempt + 1, dueMs: nowMs + retryMs(link.attempt) }, 'none'];
        case 'restarted': return event.ok || link.mode !== 'restarting' ? [link, 'none'] : join(link, nowMs);
        case 'tick': return due(link, nowMs);
    }
}
