// SPDX-License-Identifier: Apache-2.0
// What waits to be sent: calls of the wire under ids that never change, and uploads. Each is written down (sealed) before
// it is shown, goes in order within its group, and leaves only when the server has it. One that is refused stays with
// what to do and stops nothing but what needs its result. Knows no page; time, wire and store are handed in.
import { signal } from '@preact/signals';
import { dropFile, type FileRef, type Store } from './files';

/** A value of the result of another item, put in when that one is done: {$from: its id, at: "consultation.id"}. */
export interface Ref { $from: string; at: string }

export interface CallTask {
    kind: 'call';
    method: string;
    params: unknown; // may hold Refs
    /** Asked when a repeat is refused: its answer shows that the first try did arrive. */
    proof?: { method: string; params: unknown };
}

export interface UploadTask {
    kind: 'upload';
    file: FileRef;
    consultation: string | Ref;
    header?: string | Ref; // material that is the header of this WFDB signal
    preview?: boolean;
    url?: string; // of the upload that was begun
}

export interface Words { 'zh-CN': string; en: string }

export interface Item {
    id: string; // of the call on the wire: a repeat is the same request
    seq: number; // place in the order
    group: string; // what it belongs to; calls of one group go one after another
    what: string; // key of ./text.ts
    detail?: string; // file name, or for whom
    needs: string[]; // items whose results it takes
    task: CallTask | UploadTask;
    state: 'waiting' | 'sending' | 'refused';
    tries: number;
    notBefore: number; // ms of env.now(); 0: at once
    sent: number; // bytes that the server has, of an upload
    problem?: Words;
    /** What of the result to write down under which name, for pages that come back later. `group`: it is the group's name
     *  from now on. */
    keepAs?: { name: string; at: string; group?: boolean };
}

export type NewItem = Pick<Item, 'group' | 'what' | 'task'> & Partial<Pick<Item, 'id' | 'detail' | 'needs' | 'keepAs'>>;

/** Why something was not taken. `again`: it may be by itself, later. */
export class Problem extends Error {
    constructor(readonly words: Words, readonly again: boolean, readonly error = '') {
        super(words.en);
    }
}

export interface OutboxEnvironment {
    store: Store;
    /** Rejects with Problem. */
    call(method: string, params: unknown, id: string): Promise<unknown>;
    /** Resolves when the server holds the whole file with the right hash. Rejects with Problem. */
    upload(task: UploadTask, told: { url(url: string): void; sent(bytes: number): void }, stop: AbortSignal): Promise<{ materialId: string }>;
    now(): number;
    later(action: () => void, ms: number): () => void;
    id(): string;
    /** Something was written down: other pages of this browser see the same list. */
    changed?(): void;
}

const BACKOFF_MS = [1000, 3000, 10_000, 30_000, 60_000];
const PREFIX = 'outbox/';
const RANK: Record<FileRef['type'], number> = { ecg: 1, audio: 2, photo: 4, pdf: 5, dicom: 6 };
const keyOf = (item: Item): string => `${PREFIX}${String(item.seq).padStart(10, '0')}-${item.id}`; // pages side by side count alike
const SMALL_BYTES = 64 * 1024;

/** Text and vitals are calls; then ECG, speech, what is small (previews, signatures), originals. */
export function rankOf(task: UploadTask): number {
    return task.preview || task.file.bytes <= SMALL_BYTES ? Math.min(3, RANK[task.file.type]) : RANK[task.file.type];
}

function isRef(value: unknown): value is Ref {
    return typeof value === 'object' && value !== null && '$from' in value;
}

export function valueAt(value: unknown, path: string): unknown {
    return path.split('.').reduce<unknown>((v, key) => (v as Record<string, unknown> | undefined)?.[key], value);
}

/** `value` with each Ref to `from` replaced out of `result`. */
export function fill(value: unknown, from: string, result: unknown): unknown {
    if (isRef(value)) return value.$from === from ? valueAt(result, value.at) : value;
    if (Array.isArray(value)) return value.map((v) => fill(v, from, result));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, fill(v, from, result)]));
}

export class Outbox {
    readonly items = signal<readonly Item[]>([]); // in order
    private online = false;
    private seq = 0;
    private turn: Promise<unknown> = Promise.resolve(); // adding and looking again, one after another
    private readonly writing = new Set<Promise<void>>();
    private cancelWake: (() => void) | null = null;
    private uploading: { id: string; abort: AbortController } | null = null;
    private readonly listeners = new Set<(item: Item, result: unknown) => void>();
    private readonly waiters = new Map<string, { resolve(result: unknown): void; reject(error: unknown): void }[]>();

    constructor(private readonly env: OutboxEnvironment) {}

    /** What was left by an earlier page. */
    async load(): Promise<void> {
        await this.refresh();
        this.items.value = this.items.value.map((i) => ({ ...i, notBefore: 0 }));
        this.pump();
    }

    /** What other pages of this browser wrote down or took away since. */
    refresh(): Promise<void> {
        return this.inTurn(async () => {
            await Promise.all(this.writing);
            const before = new Map(this.items.value.map((i) => [i.id, i]));
            const found = new Map<string, Item>();
            for (const name of await this.env.store.names(PREFIX)) {
                const item = await this.env.store.get<Item>(name);
                if (item) found.set(item.id, { ...item, state: item.state === 'refused' ? 'refused' : 'waiting' });
            }
            const own = this.items.value;
            const gone = own.filter((i) => before.has(i.id) && !found.has(i.id));
            const stay = own.filter((i) => found.has(i.id)).map((i) => (i === before.get(i.id) && i.state !== 'sending' ? found.get(i.id)! : i));
            const news = [...found.values()].filter((i) => !before.has(i.id));
            this.items.value = [...stay, ...news].sort((a, b) => a.seq - b.seq);
            this.seq = Math.max(this.seq, ...this.items.value.map((i) => i.seq + 1));
            for (const { id } of gone) {
                if (this.uploading?.id === id) this.uploading.abort.abort();
                this.settle(id, (w) => w.resolve(undefined)); // what came of it another page knows
            }
            this.pump();
        });
    }

    /** Written down before it returns, all of it or nothing, and `also` with it; sent as soon as there is a way. */
    add(news: NewItem[], also: [name: string, value: unknown][] = []): Promise<Item[]> {
        return this.inTurn(async () => {
            const items = news.map((one): Item => ({ id: this.env.id(), needs: [], state: 'waiting', tries: 0, notBefore: 0, sent: 0, ...one, seq: this.seq++ }));
            await this.env.store.putAll([...also, ...items.map((item): [string, unknown] => [keyOf(item), item])]);
            this.items.value = [...this.items.value, ...items];
            this.env.changed?.();
            this.pump();
            return items;
        });
    }

    /** The result of one that is in the queue; rejects when it is refused or removed. */
    result(id: string): Promise<unknown> {
        return new Promise((resolve, reject) => {
            this.waiters.set(id, [...(this.waiters.get(id) ?? []), { resolve, reject }]);
        });
    }

    onDone(listener: (item: Item, result: unknown) => void): () => void {
        this.listeners.add(listener);
        return () => void this.listeners.delete(listener);
    }

    setOnline(online: boolean): void {
        if (this.online === online) return;
        this.online = online;
        if (!online) this.uploading?.abort.abort();
        if (online) this.items.value = this.items.value.map((i) => ({ ...i, notBefore: 0 }));
        this.pump();
    }

    async retry(id: string): Promise<void> {
        await this.change(id, { state: 'waiting', notBefore: 0, tries: 0 }, ['problem']);
        this.pump();
    }

    /** With those that need it: without its result they can't go. `keepFiles`: they go back to who chose them. */
    async remove(id: string, keepFiles = false): Promise<void> {
        const gone = this.find(id);
        if (!gone) return;
        if (this.uploading?.id === id) this.uploading.abort.abort();
        for (const other of this.items.value) if (other.needs.includes(id)) await this.remove(other.id, keepFiles);
        await this.drop(gone);
        if (gone.task.kind === 'upload' && !keepFiles) await dropFile(this.env.store, gone.task.file.id);
        this.settle(id, (w) => w.reject(new Problem({ 'zh-CN': '已从待发送中删除。', en: 'It was removed from what waits to be sent.' }, false)));
        this.pump();
    }

    // ---- inside ----

    private find(id: string): Item | undefined {
        return this.items.value.find((i) => i.id === id);
    }

    private inTurn<T>(act: () => Promise<T>): Promise<T> {
        const mine = this.turn.then(act);
        this.turn = mine.catch(() => undefined);
        return mine;
    }

    private async save(item: Item): Promise<void> {
        const done = this.env.store.put(keyOf(item), item);
        this.writing.add(done);
        await done.finally(() => this.writing.delete(done));
        this.env.changed?.();
    }

    private async drop(item: Item): Promise<void> {
        this.items.value = this.items.value.filter((i) => i.id !== item.id);
        await this.env.store.delete(keyOf(item));
        this.env.changed?.();
    }

    private async change(id: string, with_: Partial<Item>, without: (keyof Item)[] = []): Promise<void> {
        const before = this.find(id);
        if (!before) return;
        const item = { ...before, ...with_ };
        for (const key of without) delete item[key];
        this.items.value = this.items.value.map((i) => (i.id === id ? item : i));
        await this.save(item);
    }

    /** In memory only: shown, of no use after a reload. */
    private show(id: string, with_: Partial<Item>): void {
        this.items.value = this.items.value.map((i) => (i.id === id ? { ...i, ...with_ } : i));
    }

    private due(item: Item): boolean {
        return item.state === 'waiting' && item.needs.length === 0 && item.notBefore <= this.env.now();
    }

    private pump(): void {
        this.cancelWake?.();
        this.cancelWake = null;
        if (!this.online) return;
        const busy = new Set<string>(); // groups with a call before this one
        for (const item of this.items.value) {
            if (item.task.kind !== 'call' || item.state === 'refused') continue;
            if (!busy.has(item.group) && this.due(item)) void this.runCall(item);
            busy.add(item.group);
        }
        if (!this.uploading) {
            const next = this.items.value.filter((i) => i.task.kind === 'upload' && this.due(i))
                .sort((a, b) => rankOf(a.task as UploadTask) - rankOf(b.task as UploadTask) || a.seq - b.seq)[0];
            if (next) void this.runUpload(next);
        }
        const wake = Math.min(...this.items.value.filter((i) => i.state === 'waiting' && i.notBefore > this.env.now()).map((i) => i.notBefore));
        if (Number.isFinite(wake)) this.cancelWake = this.env.later(() => this.pump(), wake - this.env.now());
    }

    private async runCall(item: Item): Promise<void> {
        const task = item.task as CallTask;
        this.show(item.id, { state: 'sending', tries: item.tries + 1 });
        await this.save({ ...item, tries: item.tries + 1 }); // a repeat after a reload knows that it is one
        try {
            await this.finish(item, await this.env.call(task.method, task.params, item.id));
        } catch (error) {
            const proven = item.tries > 0 && task.proof && !(error as Problem).again ? await this.env.call(task.proof.method, task.proof.params, this.env.id()).catch(() => undefined) : undefined;
            if (proven !== undefined) await this.finish(item, proven);
            else await this.failed(item.id, error);
        }
        this.pump();
    }

    private async runUpload(item: Item): Promise<void> {
        const abort = new AbortController();
        this.uploading = { id: item.id, abort };
        this.show(item.id, { state: 'sending' });
        const told = {
            url: (url: string) => void this.change(item.id, { task: { ...(item.task as UploadTask), url } }),
            sent: (bytes: number) => this.show(item.id, { sent: bytes }),
        };
        try {
            const result = await this.env.upload(item.task as UploadTask, told, abort.signal);
            await this.finish(item, result);
            await dropFile(this.env.store, (item.task as UploadTask).file.id);
        } catch (error) {
            if (abort.signal.aborted) await this.change(item.id, { state: 'waiting' });
            else await this.failed(item.id, error);
        }
        this.uploading = null;
        this.pump();
    }

    /** Those who need it get its result before it goes, so that a crash between loses nothing. */
    private async finish(item: Item, result: unknown): Promise<void> {
        for (const other of this.items.value)
            if (other.needs.includes(item.id))
                await this.change(other.id, { needs: other.needs.filter((n) => n !== item.id), task: fill(other.task, item.id, result) as Item['task'] });
        if (item.keepAs) await this.named(item, item.keepAs, valueAt(result, item.keepAs.at));
        await this.drop(item);
        this.listeners.forEach((listener) => listener(item, result));
        this.settle(item.id, (w) => w.resolve(result));
    }

    private async named(item: Item, as: NonNullable<Item['keepAs']>, value: unknown): Promise<void> {
        await this.env.store.put(as.name, value);
        if (!as.group || typeof value !== 'string') return;
        for (const other of this.items.value) if (other.group === item.group && other.id !== item.id) await this.change(other.id, { group: value });
    }

    private async failed(id: string, error: unknown): Promise<void> {
        const item = this.find(id);
        if (!item) return;
        const problem = error instanceof Problem ? error : new Problem({ 'zh-CN': `此项无法发送（${String(error)}）`, en: `This can't be sent (${String(error)})` }, false);
        if (problem.again) {
            const tries = item.task.kind === 'call' ? item.tries : item.tries + 1;
            await this.change(id, { state: 'waiting', tries, notBefore: this.env.now() + BACKOFF_MS[Math.min(Math.max(tries - 1, 0), BACKOFF_MS.length - 1)]!, problem: problem.words });
            return;
        }
        await this.change(id, { state: 'refused', problem: problem.words });
        this.settle(id, (w) => w.reject(problem));
    }

    private settle(id: string, how: (waiter: { resolve(result: unknown): void; reject(error: unknown): void }) => void): void {
        const waiters = this.waiters.get(id) ?? [];
        this.waiters.delete(id);
        waiters.forEach(how);
    }
}
