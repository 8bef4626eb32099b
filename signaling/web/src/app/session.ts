// SPDX-License-Identifier: Apache-2.0
// Who is signed in here, for how long unattended (the idle lock), and that one's sealed keep.
import { signal } from '@preact/signals';
import { Keep } from '../keep/keep';
import { Refusal } from '../wire/connection';
import { server } from '../wire/server';

export interface Account {
    id: string;
    name: string;
    roles: string[];
    institution: { id: string; name: string; level: number };
}

export const account = signal<Account | null>(null);
export const keep = signal<Keep | null>(null);
/** Behind the lock nothing of a patient is on the screen; a running call goes on. */
export const locked = signal(false);

const ACCOUNT = 'shanqiao.account'; // id of whose keep is to be opened after a reload
export const IDLE_LOCK_MS = 10 * 60 * 1000;

async function become(next: Account): Promise<void> {
    keep.value = await Keep.of(next.id);
    await keep.value.put('account', next);
    localStorage.setItem(ACCOUNT, next.id);
    account.value = next;
}

/** After a reload: who was here before, if the session is kept. */
export async function restore(): Promise<void> {
    const id = localStorage.getItem(ACCOUNT);
    if (!id) return;
    const kept = await Keep.of(id);
    const before = await kept.get<Account>('account');
    if (!before) return;
    keep.value = kept;
    account.value = before;
}

export async function signIn(name: string, password: string, takeover: boolean): Promise<void> {
    const reply = await server.signIn(name, password, takeover);
    await become(reply.account as Account);
    locked.value = false;
}

/** The right password opens the lock: asked of the server, for this page knows no password. */
export async function unlock(password: string): Promise<void> {
    await server.call('auth.confirm', { password });
    locked.value = false;
}

/** Asked in turn before signing out by one's own will, which forgets what is kept here; false: not now. */
export const beforeSignOut = new Set<() => Promise<boolean>>();

export async function signOut(): Promise<void> {
    for (const agreed of beforeSignOut) if (!(await agreed())) return;
    const own = keep.value;
    await server.signOut().catch((error) => { if (!(error instanceof Refusal)) throw error; });
    await own?.forget();
    localStorage.removeItem(ACCOUNT);
    account.value = null;
    keep.value = null;
    locked.value = false;
    history.replaceState(null, '', '/');
}

let touched = Date.now();
for (const event of ['pointerdown', 'keydown', 'wheel', 'touchstart'])
    addEventListener(event, () => (touched = Date.now()), { passive: true, capture: true });
setInterval(() => { if (account.value && Date.now() - touched > IDLE_LOCK_MS) locked.value = true; }, 5000);

server.on('account.changed', ({ roles }) => {
    if (account.value) account.value = { ...account.value, roles: roles as string[] };
});
