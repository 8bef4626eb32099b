// SPDX-License-Identifier: Apache-2.0
// Which picture a weak link out may carry beside speech: a ladder that goes down fast and up slowly, and says each step
// (LOWBAND.md, DESIGN section 6). Pure; refuses to know encoders. Speech is never on the ladder: it is always sent.

export type Rung = 'full' | 'half' | 'small' | 'voice';
export type Wish = 'auto' | 'picture' | 'voice'; // the person's own choice goes before the ladder

export interface Band {
    rung: Rung;
    sinceMs: number; // since when the measure asks for another rung
    toward: Rung;
    retryMs: number; // how long `voice` lasts before the picture is tried again
    enteredMs: number;
}

/** bit/s below which the rung can't be held; above CLIMB times that it may be entered. */
export const FLOOR: Record<Exclude<Rung, 'voice'>, number> = { full: 250_000, half: 100_000, small: 40_000 };
const ORDER: Rung[] = ['voice', 'small', 'half', 'full'];
export const DOWN_MS = 2000;
export const UP_MS = 8000;
const RETRY_FIRST_MS = 20_000;
const RETRY_MAX_MS = 160_000;
const SHORT_MS = 15_000; // a picture that lasted less was tried in vain
const LOSS_BAD = 0.15; // of our speech, at the relay: the picture gives way
const LOSS_SOME = 0.05; // no climbing
const CLIMB = 1.3;

export function newBand(): Band {
    return { rung: 'full', toward: 'full', sinceMs: 0, retryMs: RETRY_FIRST_MS, enteredMs: -Infinity };
}

const lower = (a: Rung, b: Rung): Rung => (ORDER.indexOf(a) < ORDER.indexOf(b) ? a : b);

function wanted(band: Band, bitsPerSecond: number, loss: number): Rung {
    const at = ORDER.indexOf(band.rung);
    const carries = (rung: Exclude<Rung, 'voice'>): boolean => bitsPerSecond >= FLOOR[rung] * (ORDER.indexOf(rung) > at ? CLIMB : 1);
    const rung: Rung = (['full', 'half', 'small'] as const).find(carries) ?? 'voice';
    if (loss > LOSS_BAD) return lower(rung, ORDER[Math.max(0, at - 1)]!);
    return loss > LOSS_SOME ? lower(rung, band.rung) : rung;
}

function enter(band: Band, rung: Rung, nowMs: number): Band {
    const inVain = rung === 'voice' && nowMs - band.enteredMs < SHORT_MS;
    const retryMs = inVain ? Math.min(band.retryMs * 2, RETRY_MAX_MS) : rung === 'voice' ? RETRY_FIRST_MS : band.retryMs;
    return { rung, toward: rung, sinceMs: nowMs, retryMs, enteredMs: nowMs };
}

/** `bitsPerSecond` null: the browser does not tell, so nothing is changed but by loss. `loss` 0..1. */
export function climb(band: Band, bitsPerSecond: number | null, loss: number, nowMs: number): Band {
    if (band.rung === 'voice') // nothing is sent that could measure more: tried after a while
        return nowMs - band.enteredMs >= band.retryMs && loss <= LOSS_BAD ? enter(band, 'small', nowMs) : band;
    const want = wanted(band, bitsPerSecond ?? FLOOR[band.rung] * 1.2, loss);
    if (want === band.rung) return { ...band, toward: want, sinceMs: nowMs };
    const down = ORDER.indexOf(want) < ORDER.indexOf(band.rung);
    const same = (ORDER.indexOf(band.toward) < ORDER.indexOf(band.rung)) === down && band.toward !== band.rung;
    const sinceMs = same ? band.sinceMs : nowMs;
    if (nowMs - sinceMs < (down ? DOWN_MS : UP_MS)) return { ...band, toward: want, sinceMs };
    return enter(band, down ? want : ORDER[ORDER.indexOf(band.rung) + 1]!, nowMs);
}

/** The link was gone and is there again, perhaps another one: what was measured as it went says nothing of it. */
export function returned(band: Band, nowMs: number): Band {
    return band.rung === 'voice' ? enter(band, 'small', nowMs) : { ...band, toward: band.rung, sinceMs: nowMs };
}

/** What is sent: the person's choice, else the ladder's. */
export function sent(band: Band, wish: Wish): Rung {
    if (wish === 'voice') return 'voice';
    return wish === 'picture' && band.rung === 'voice' ? 'small' : band.rung;
}

/** Spatial layers of the camera's three that are sent at most (0: the smallest alone); -1: none. */
export const LAYER: Record<Rung, number> = { full: 2, half: 1, small: 0, voice: -1 };
