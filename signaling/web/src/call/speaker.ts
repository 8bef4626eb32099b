// SPDX-License-Identifier: Apache-2.0
// Who speaks now, from loudness of each: the same one stays through pauses, a cough changes nothing. Pure.

export interface Speaker { active: string | null; candidate: string | null; sinceMs: number; heardMs: number }

const LOUD = 0.02; // of full scale, some -34 dBov: speech at a microphone, not a fan
const TAKE_MS = 500; // a voice that lasts that long takes the picture
const HOLD_MS = 1500; // a pause that short keeps it, whoever coughs

export function newSpeaker(): Speaker {
    return { active: null, candidate: null, sinceMs: 0, heardMs: -Infinity };
}

/** `levels`: 0..1 by account. */
export function listen(s: Speaker, levels: ReadonlyMap<string, number>, nowMs: number): Speaker {
    let loudest: string | null = null;
    for (const [who, level] of levels)
        if (level > LOUD && level > (loudest === null ? 0 : levels.get(loudest)!)) loudest = who;
    const next = { ...s };
    if (s.active !== null && (levels.get(s.active) ?? 0) > LOUD) next.heardMs = nowMs;
    if (loudest === null || loudest === s.active) return { ...next, candidate: null };
    if (loudest !== s.candidate) return { ...next, candidate: loudest, sinceMs: nowMs };
    const free = s.active === null || nowMs - next.heardMs > HOLD_MS || !levels.has(s.active);
    const overdue = nowMs - s.sinceMs > TAKE_MS + HOLD_MS; // both speak: who is louder for long
    if (nowMs - s.sinceMs < TAKE_MS || !(free || overdue)) return next;
    return { active: loudest, candidate: null, sinceMs: nowMs, heardMs: nowMs };
}
