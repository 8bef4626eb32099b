// SPDX-License-Identifier: Apache-2.0
// Tells the owner's password without the server, so that an outage locks nobody out of what was typed. Kept sealed like
// the rest and forgotten with it; PBKDF2 (RFC 8018) with what OWASP's Password Storage Cheat Sheet (2023) asks for. Wrong
// ones cost time, more with each, across reloads.
import type { Keep } from '../keep/keep';

const NAME = 'verifier';
const ITERATIONS = 600_000;

const TRIES = 'tries';
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

interface Tries { wrong: number; atMs: number }
interface Verifier { salt: number[]; hash: number[] }

async function derive(password: string, salt: Uint8Array<ArrayBuffer>): Promise<number[]> {
    const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, ['deriveBits']);
    return [...new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ITERATIONS }, key, 256))];
}

/** Call it with a password that the server has just taken. */
export async function rememberPassword(keep: Keep, password: string): Promise<void> {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    await keep.put(NAME, { salt: [...salt], hash: await derive(password, salt) } satisfies Verifier);
}

export async function isPassword(keep: Keep, password: string): Promise<boolean> {
    const known = await keep.get<Verifier>(NAME);
    if (!known) return false;
    const hash = await derive(password, new Uint8Array(known.salt));
    return hash.every((byte, i) => byte === known.hash[i]);
}

const waitAfter = (wrong: number): number => (wrong > 0 ? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (wrong - 1)) : 0);

/** ms until the next password may be tried. */
function waitMs(tries: Tries, nowMs: number): number {
    const wait = waitAfter(tries.wrong);
    return Math.min(wait, Math.max(0, tries.atMs + wait - nowMs)); // a clock that was set back makes it no longer
}

/** Is it the password? `waitMs` > 0: not looked at, or wrong, and the next one only after so long. */
export async function tryPassword(keep: Keep, password: string, nowMs: () => number = Date.now): Promise<{ right: boolean; tried: boolean; waitMs: number }> {
    const tries = (await keep.get<Tries>(TRIES)) ?? { wrong: 0, atMs: 0 };
    const left = waitMs(tries, nowMs());
    if (left > 0) return { right: false, tried: false, waitMs: left };
    const next = { wrong: tries.wrong + 1, atMs: nowMs() };
    await keep.put(TRIES, next); // before it is looked at: a reload meanwhile wins nothing
    if (!(await isPassword(keep, password))) return { right: false, tried: true, waitMs: waitMs(next, nowMs()) };
    await forgetTries(keep);
    return { right: true, tried: true, waitMs: 0 };
}

export async function forgetTries(keep: Keep): Promise<void> {
    await keep.delete(TRIES);
}
