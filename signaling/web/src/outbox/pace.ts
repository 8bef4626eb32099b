// SPDX-License-Identifier: Apache-2.0
// How uploads give way while people speak: short pieces with pauses three times as long, or as many bytes a second as
// the call grants. Pure but for the two signals.
import { signal } from '@preact/signals';

/** People speak: the pages set it while a call is shown. */
export const yielding = signal(false);
/** Bytes a second that a call grants, where it knows its link; null: by what pieces took. */
export const callPace = signal<number | null>(null);
/** Where a call knows nothing of its link yet. */
export const CAREFUL_PACE = 8 * 1024;

const CALM = { ms: 4000, least: 16 * 1024, most: 4 * 1024 * 1024 }; // what is lost at a break
const IN_CALL = { ms: 200, least: 2 * 1024, most: 512 * 1024 }; // what speech may have to wait for
const PAUSES = 3;

/** Length of the piece after one of `bytes` that took `ms`; never more than a call grants in a second. */
export function nextPiece(now: number, bytes: number, ms: number, inCall: boolean, granted: number | null): number {
    const { ms: aim, least, most } = inCall ? IN_CALL : CALM;
    const fits = (bytes / Math.max(ms, 1)) * aim;
    const may = inCall && granted !== null ? Math.min(most, granted) : most;
    return Math.round(Math.max(least, Math.min(may, fits, now * 2)));
}

/** ms to wait after a piece of `bytes` that took `ms`. */
export function pauseAfter(bytes: number, ms: number, inCall: boolean, granted: number | null): number {
    if (!inCall) return 0;
    return granted === null ? ms * PAUSES : Math.max(0, (bytes / granted) * 1000 - ms);
}
