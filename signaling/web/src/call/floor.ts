// SPDX-License-Identifier: Apache-2.0
// Who has the floor, in which order they speak, whose hand is up: what the chair and the members said by room.signal.
// Pure; the chair's page says it again to who comes later.

export interface Floor {
    of: string | null; // who speaks by the chair's word
    quiet: boolean; // the others were muted
    order: string[];
    hands: string[]; // in the order in which they went up
}

export const NO_FLOOR: Floor = { of: null, quiet: false, order: [], hands: [] };
const MEMBERS_MAX = 64;

const ids = (value: unknown): string[] => (Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string').slice(0, MEMBERS_MAX) : []);

/** What `by` said by a signal; the server lets the chair alone give the floor, and take a hand down (`lower`). */
export function told(floor: Floor, kind: string, by: string, body: Record<string, unknown>): Floor {
    if (kind === 'hand') {
        if (body['up'] !== true) return { ...floor, hands: floor.hands.filter((h) => h !== by) };
        return floor.hands.includes(by) ? floor : { ...floor, hands: [...floor.hands, by].slice(0, MEMBERS_MAX) };
    }
    if (kind !== 'floor') return floor;
    const of = typeof body['of'] === 'string' ? body['of'] : null;
    return { of, quiet: of !== null && body['quiet'] === true, order: ids(body['order']), hands: floor.hands.filter((h) => h !== of && h !== body['lower']) };
}

/** `members` in the chair's order, those it does not name after them. */
export function ordered(order: string[], members: string[]): string[] {
    return [...order.filter((id) => members.includes(id)), ...members.filter((id) => !order.includes(id))];
}

export function moved(order: string[], id: string, by: -1 | 1): string[] {
    const at = order.indexOf(id), to = at + by;
    if (at < 0 || to < 0 || to >= order.length) return order;
    const next = [...order];
    next.splice(at, 1);
    next.splice(to, 0, id);
    return next;
}

/** Must this account's microphone go silent now, by the chair's word? */
export function quiets(before: Floor, after: Floor, account: string): boolean {
    return after.quiet && after.of !== null && after.of !== account && (before.of !== after.of || !before.quiet);
}
