// SPDX-License-Identifier: Apache-2.0
// Who is signed in here, for how long unattended (the idle lock), and that one's sealed keep.
import { effect, signal } from '@preact/signals';
import { Keep } from '../keep/keep';
import { Refusal } from '../wire/connection';
import { server, sessionKept } from '../wire/server';
import { running } from './running';
import { words } from './text';
import { forgetTries, rememberPassword, tryPassword } from './verifier';

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
const TOUCHED = 'shanqiao.touched'; // when somebody was last here, in ms; 0: locked. A reload opens no lock
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
    if (!id || !sessionKept()) return; // a session that was ended shows nothing more, however the page comes back
    const kept = await Keep.of(id);
    const before = await kept.get<Account>('account');
    if (!before) return;
    keep.value = kept;
    locked.value = idle(Number(localStorage.getItem(TOUCHED) ?? 0));
    account.value = before;
}

export async function signIn(name: string, password: string, takeover: boolean): Promise<void> {
    const reply = await server.signIn(name, password, takeover);
    await become(reply.account as Account);
    locked.value = false;
    await rememberPassword(keep.value!, password);
}

/** The right password opens the lock: asked of the server, and while that is out of reach, of what is kept here. */
export async function unlock(password: string): Promise<void> {
    if (server.state.value === 'ready') {
        await server.call('auth.confirm', { password });
        await rememberPassword(keep.value!, password);
        await forgetTries(keep.value!);
    } else {
        const { right, tried, waitMs } = await tryPassword(keep.value!, password);
        const seconds = { n: Math.ceil(waitMs / 1000) };
        const said = waitMs > 0 ? words(tried ? 'wrongPasswordWait' : 'tooSoon', seconds) : words('wrongPassword');
        if (!right) throw new Refusal(-32006, 'SQ_ERR_UNAUTHENTICATED', { 'zh-CN': said, en: said });
    }
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
    localStorage.removeItem(TOUCHED);
    account.value = null;
    keep.value = null;
    locked.value = false;
    history.replaceState(null, '', '/');
}

let touched = Date.now();
const idle = (since: number): boolean => Date.now() - since > IDLE_LOCK_MS;
for (const event of ['pointerdown', 'keydown', 'wheel', 'touchstart'])
    addEventListener(event, () => (touched = Date.now()), { passive: true, capture: true });
setInterval(() => {
    if (!account.value || locked.value) return;
    if (running.value !== null) touched = Date.now(); // hands are at the patient, eyes on the call
    if (idle(touched)) locked.value = true;
    else localStorage.setItem(TOUCHED, String(touched));
}, 5000);
effect(() => { if (account.value) localStorage.setItem(TOUCHED, String(locked.value ? 0 : Date.now())); });

server.on('account.changed', ({ roles }) => {
    if (account.value) account.value = { ...account.value, roles: roles as string[] };
});
