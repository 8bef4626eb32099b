// SPDX-License-Identifier: Apache-2.0
// The outbox of who is signed in: opened with the sealed keep, running whenever the wire is ready, on whatever page.
import { computed, effect, signal } from '@preact/signals';
import { go, place } from '../app/router';
import { account, beforeSignOut, keep, signOut } from '../app/session';
import type { Keep } from '../keep/keep';
import type { Method, Params } from '../wire/connection';
import { Refusal } from '../wire/connection';
import { server } from '../wire/server';
import { dropFile, type Store } from './files';
import { Outbox, Problem, type Item, type NewItem } from './outbox';
import { callPace, yielding } from './pace';
import { Tabs } from './tabs';

const running = signal<Outbox | null>(null);
let tabs: Tabs | null = null;
export const outboxItems = computed<readonly Item[]>(() => running.value?.items.value ?? []);
/** Told of all that is done, whoever is signed in. */
export const onOutboxDone = new Set<(item: Item, result: unknown) => void>();
export const refusedCount = computed(() => outboxItems.value.filter((i) => i.state === 'refused').length);

const PAGES = 'shanqiao.pages';
const AGAIN = new Set(['SQ_ERR_NOMEM', 'SQ_ERR_UNAUTHENTICATED', 'SQ_ERR_TIMEOUT', 'SQ_ERR_UNREACHABLE', 'SQ_ERR_IO', 'SQ_ERR_STORE', 'SQ_ERR_OFFLINE', 'SQ_ERR_CLOSED']);

async function callWire(method: string, params: unknown, id: string): Promise<unknown> {
    try {
        return await server.call(method as Method, params as Params<Method>, id);
    } catch (error) {
        if (error instanceof Refusal) throw new Problem(error.remedy, AGAIN.has(error.error), error.error);
        throw error;
    }
}

interface Added { file: { id: string }; preview?: { id: string } }

/** Pieces of files that nothing names any more: a page was closed while one was being kept. */
async function sweep(store: Store, items: readonly Item[]): Promise<void> {
    const named = new Set(items.map((i) => (i.task.kind === 'upload' ? i.task.file.id : '')));
    for (const name of await store.names('draft/')) {
        const draft = await store.get<{ files?: Added[]; paper?: Added[]; signature?: { id: string } }>(name);
        for (const one of [...(draft?.files ?? []), ...(draft?.paper ?? [])]) { named.add(one.file.id); named.add(one.preview?.id ?? ''); }
        named.add(draft?.signature?.id ?? '');
    }
    for (const name of await store.names('form/')) { // what was signed or chosen on a page that was not sent yet
        const signing = (await store.get<{ signing?: { drawn?: { id: string }; paper?: Added[] } }>(name))?.signing;
        named.add(signing?.drawn?.id ?? '');
        for (const one of signing?.paper ?? []) { named.add(one.file.id); named.add(one.preview?.id ?? ''); }
    }
    const kept = new Set((await store.names('file/')).map((name) => name.split('/')[1]!));
    for (const id of kept) if (!named.has(id)) await dropFile(store, id);
}

/** A page beside this one may be keeping a file that nothing names yet. */
function sweepAlone(store: Store, items: readonly Item[]): Promise<void> {
    return new Promise((resolve, reject) => {
        const shared = (): void => void navigator.locks.request(PAGES, { mode: 'shared' }, () => new Promise(() => undefined)); // as long as the page is there
        navigator.locks.request(PAGES, { ifAvailable: true }, async (alone) => { if (alone) await sweep(store, items); }).then(() => { shared(); resolve(); }, reject);
    });
}

function joinTabs(box: Outbox, owner: string): Tabs {
    let runs = false;
    return new Tabs(`shanqiao.outbox/${owner}`, {
        changed: () => void box.refresh(),
        run: (on) => {
            runs = on;
            if (!on) box.setOnline(false);
            else void box.refresh().then(() => { if (runs) box.setOnline(true); });
        },
    });
}

async function begin(store: Keep): Promise<void> {
    const box = new Outbox({
        store, changed: () => tabs?.changed(), call: callWire, upload: async (...about) => (await import('./upload')).uploader(store)(...about), now: () => Date.now(), id: () => crypto.randomUUID(),
        later: (action, ms) => { const timer = setTimeout(action, ms); return () => clearTimeout(timer); },
    });
    box.onDone((item, result) => onOutboxDone.forEach((f) => f(item, result)));
    if (keep.value !== store) return;
    await box.load();
    await sweepAlone(store, box.items.value);
    if (keep.value !== store) return;
    tabs = joinTabs(box, store.owner);
    running.value = box;
}

/** Resolves when it is open: after sign-in that takes a moment. */
export function outbox(): Promise<Outbox> {
    if (running.value) return Promise.resolve(running.value);
    return new Promise((resolve) => {
        const stop = effect(() => {
            const box = running.value;
            if (box) queueMicrotask(() => { stop(); resolve(box); });
        });
    });
}

/** `also`: records that are written with them, all or none. */
export async function post(items: NewItem[], also?: [name: string, value: unknown][]): Promise<Item[]> {
    return (await outbox()).add(items, also);
}

let opened: Keep | null = null;
effect(() => {
    const store = keep.value;
    if (store === opened) return;
    opened = store;
    tabs?.close();
    tabs = null;
    running.value = null;
    if (store) void begin(store);
});
effect(() => { if (running.value) tabs?.want(server.state.value === 'ready' && account.value !== null); });
effect(() => { yielding.value = place.value.path === 'call' || callPace.value !== null; });

// ---- signing out forgets what is here: not before the person knows what would be lost ----

/** How much would be lost, while that is being asked. */
export const leaving = signal<number | null>(null);
let sure = false;

interface Unsent { id: string; dirty?: boolean; files?: unknown[]; paper?: unknown[]; signature?: unknown; vitals?: Record<string, string>; }

/** All that is only here: what waits, drafts with anything that the server has not, what was typed or said and not sent. */
async function unsent(store: Store): Promise<number> {
    const items = outboxItems.value;
    const waiting = new Set(items.map((i) => i.group));
    let count = items.length;
    for (const name of await store.names('draft/')) {
        const draft = await store.get<Unsent>(name);
        if (!draft || waiting.has(draft.id) || (await store.get(`sent/${draft.id}`))) continue; // counted already, or there
        if (draft.dirty || draft.files?.length || draft.paper?.length || draft.signature || Object.values(draft.vitals ?? {}).some(Boolean)) count++;
    }
    const spoken = new Set((await store.names('voice/')).map((name) => name.split('/')[1]!));
    return count + spoken.size + (await store.names('form/')).length;
}

beforeSignOut.add(async () => {
    const count = keep.value && !sure ? await unsent(keep.value) : 0;
    sure = false;
    if (!count) return true;
    leaving.value = count;
    go('outbox');
    return false;
});

export async function leaveAnyway(): Promise<void> {
    sure = true;
    leaving.value = null;
    await signOut();
}
