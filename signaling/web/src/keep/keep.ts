// SPDX-License-Identifier: Apache-2.0
// What a person typed, on this machine and sealed: AES-256-GCM under a key that the browser holds and never gives out
// (non-extractable, in IndexedDB), one record a name, the name bound in as additional data. Sealing and IndexedDB take
// their time: until a record is there, what was put lies sealed in localStorage too, in the same task (ahead.ts), under
// a key that lies here sealed by the other and is in memory while the keep is open. Forgotten at sign-out of its owner;
// another account on the same machine gets keys of its own.
import { Ahead, KEY_BYTES, type Entry } from './ahead';

const DATABASE = 'shanqiao';
const KEYS = 'keys';
const RECORDS = 'records';

/** `at`: version; of one name the larger is newer. Records of older builds have none. */
interface Sealed { iv: Uint8Array<ArrayBuffer>; sealed: ArrayBuffer; type: string | null; at?: number }
/** `record` null: to be deleted. */
interface Ready { full: string; at: number; record: Sealed | null }

let opening: Promise<IDBDatabase> | null = null;

function ask<T>(request: IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}

function open(): Promise<IDBDatabase> {
    opening ??= new Promise((resolve, reject) => {
        const request = indexedDB.open(DATABASE, 1);
        request.onupgradeneeded = () => {
            request.result.createObjectStore(KEYS);
            request.result.createObjectStore(RECORDS);
        };
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    return opening;
}

function done(transaction: IDBTransaction): Promise<void> {
    return new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
    });
}

/** What lies in `store` under `name`; `make` if there is nothing: pages that begin together get the same. */
async function keptOrMade<T>(db: IDBDatabase, store: string, name: string, make: () => Promise<T>): Promise<T> {
    const known = await ask<T | undefined>(db.transaction(store).objectStore(store).get(name));
    if (known) return known;
    const made = await make();
    const place = db.transaction(store, 'readwrite').objectStore(store);
    const other = await ask<T | undefined>(place.get(name));
    if (other) return other;
    await ask(place.put(made, name));
    return made;
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

async function seal(key: CryptoKey, name: string, plain: BufferSource): Promise<Pick<Sealed, 'iv' | 'sealed'>> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, sealed: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bytesOf(name) }, key, plain) };
}

/** undefined: not sealed by this key under this name. */
function unseal(key: CryptoKey, name: string, { iv, sealed }: Pick<Sealed, 'iv' | 'sealed'>): Promise<ArrayBuffer | undefined> {
    return crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: bytesOf(name) }, key, sealed).catch(() => undefined);
}

/** A record like the others, so that what lies among the keys never leaves the browser. */
async function aheadKey(db: IDBDatabase, owner: string, key: CryptoKey): Promise<Uint8Array> {
    const name = `${owner}/ahead`;
    const make = async (): Promise<Sealed> => ({ ...(await seal(key, name, crypto.getRandomValues(new Uint8Array(KEY_BYTES)))), type: '' });
    const known = await unseal(key, name, await keptOrMade(db, RECORDS, name, make));
    if (known) return new Uint8Array(known);
    await ask(db.transaction(RECORDS, 'readwrite').objectStore(RECORDS).delete(name)); // sealed by a key that is gone
    return aheadKey(db, owner, key);
}

export class Keep {
    private readonly written = new Map<string, string>(); // full name -> item ahead that has not landed
    private last: Promise<unknown> = Promise.resolve();
    private newest = 0; // version
    private gone = false;

    private constructor(private readonly db: IDBDatabase, readonly owner: string, private readonly key: CryptoKey, private readonly ahead: Ahead) {}

    /** `owner`: account id. What a page that was closed had only written ahead is there before anything is read. */
    static async of(owner: string): Promise<Keep> {
        const db = await open();
        const key = await keptOrMade(db, KEYS, owner, () => crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']));
        const keep = new Keep(db, owner, key, new Ahead(owner, await aheadKey(db, owner, key)));
        await keep.catchUp().catch(() => undefined); // no room: it stays ahead, for the next time
        return keep;
    }

    /** Durable when it returns, unless it is a Blob or localStorage is full; resolves when it is a record. */
    put(name: string, value: unknown): Promise<void> {
        return value instanceof Blob ? this.putAll([[name, value]]) : this.change(name, JSON.stringify(value));
    }

    /** Durable as `put` is. */
    delete(name: string): Promise<void> {
        return this.change(name, null);
    }

    /** All of them or none, whenever the page is closed; durable when it resolves. */
    putAll(all: [name: string, value: unknown][]): Promise<void> {
        if (this.gone) return Promise.resolve();
        const sealing = Promise.all(all.map(async ([name, value]): Promise<Ready> => {
            if (!(value instanceof Blob)) return this.sealed({ name: this.full(name), at: this.version(), text: JSON.stringify(value) });
            const [full, at] = [this.full(name), this.version()];
            return { full, at, record: { ...(await seal(this.key, full, await value.arrayBuffer())), type: value.type, at } };
        }));
        return this.inOrder(async () => this.land(await sealing));
    }

    /** After what was put before; undefined: nothing under that name, or not readable by this key. */
    async get<T>(name: string): Promise<T | undefined> {
        await this.last;
        const full = this.full(name);
        const record = await ask<Sealed | undefined>(this.db.transaction(RECORDS).objectStore(RECORDS).get(full));
        const plain = record && (await unseal(this.key, full, record));
        if (!record || !plain) return undefined;
        this.newest = Math.max(this.newest, record.at ?? 0);
        if (record.type !== null) return new Blob([plain], { type: record.type }) as T;
        return JSON.parse(new TextDecoder().decode(plain)) as T;
    }

    /** Names that begin with `prefix`, in order. */
    async names(prefix: string): Promise<string[]> {
        await this.last;
        const keys = await ask(this.db.transaction(RECORDS).objectStore(RECORDS).getAllKeys(this.range(prefix)));
        return keys.map((key) => String(key).slice(this.owner.length + 1));
    }

    /** Records and keys of this owner: nothing of it can be read again, and nothing is written any more. */
    forget(): Promise<void> {
        this.gone = true;
        this.ahead.forget();
        return this.inOrder(async () => {
            const transaction = this.db.transaction([RECORDS, KEYS], 'readwrite');
            transaction.objectStore(RECORDS).delete(this.range(''));
            transaction.objectStore(KEYS).delete(this.owner);
            await done(transaction);
        });
    }

    // ---- inside ----

    private full(name: string): string {
        return `${this.owner}/${name}`;
    }

    private range(prefix: string): IDBKeyRange {
        const from = this.full(prefix);
        return IDBKeyRange.bound(from, `${from}\uffff`);
    }

    /** Newer than all that was read or written here, whatever the clock says. */
    private version(): number {
        return (this.newest = Math.max(Date.now(), this.newest + 1));
    }

    /** Writes land in the order in which they were asked for, however long sealing takes. */
    private inOrder<T>(write: () => Promise<T>): Promise<T> {
        const landed = this.last.then(write);
        this.last = landed.catch(() => undefined); // who asked is told
        return landed;
    }

    private async sealed({ name: full, at, text }: Entry): Promise<Ready> {
        return { full, at, record: text === null ? null : { ...(await seal(this.key, full, bytesOf(text))), type: null, at } };
    }

    private change(name: string, text: string | null): Promise<void> {
        if (this.gone) return Promise.resolve();
        const entry: Entry = { name: this.full(name), at: this.version(), text };
        const item = this.ahead.write(entry);
        const before = this.written.get(entry.name);
        if (item !== null) {
            this.written.set(entry.name, item);
            if (before !== undefined) this.ahead.drop(before);
        }
        return this.inOrder(async () => {
            if (item !== null && this.written.get(entry.name) !== item) return; // a newer one is written ahead and lands at its turn
            await this.land([await this.sealed(entry)]);
            if (item === null || this.written.get(entry.name) !== item) return;
            this.written.delete(entry.name);
            this.ahead.drop(item);
        });
    }

    private async land(ready: Ready[]): Promise<void> {
        const transaction = this.db.transaction(RECORDS, 'readwrite');
        const records = transaction.objectStore(RECORDS);
        for (const { full, record } of ready) void (record ? records.put(record, full) : records.delete(full));
        await done(transaction);
    }

    /** What other pages of this owner wrote ahead: of one that is still there it lands twice, and the newer stays. */
    private async catchUp(): Promise<void> {
        const found = this.ahead.all();
        if (!found.length) return;
        this.newest = Math.max(this.newest, ...found.map(({ entry }) => entry.at));
        const ready = await Promise.all(found.map(({ entry }) => this.sealed(entry)));
        const transaction = this.db.transaction(RECORDS, 'readwrite');
        const records = transaction.objectStore(RECORDS);
        for (const { full, at, record } of ready) {
            const there: IDBRequest<Sealed | undefined> = records.get(full);
            there.onsuccess = () => {
                if ((there.result?.at ?? 0) < at) void (record ? records.put(record, full) : records.delete(full));
            };
        }
        await done(transaction);
        for (const { item } of found) this.ahead.drop(item);
    }
}
