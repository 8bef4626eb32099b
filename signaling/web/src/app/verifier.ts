// SPDX-License-Identifier: Apache-2.0
// Tells the owner's password without the server, so that an outage locks nobody out of what was typed. Kept sealed like
// the rest and forgotten with it; PBKDF2 (RFC 8018) with what OWASP's Password Storage Cheat Sheet (2023) asks for.
import type { Keep } from '../keep/keep';

const NAME = 'verifier';
const ITERATIONS = 600_000;

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
