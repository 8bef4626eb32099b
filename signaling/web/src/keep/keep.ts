// SPDX-License-Identifier: Apache-2.0
// What a person typed, on this machine and sealed: AES-256-GCM under a key that the browser holds and never gives out
// (non-extractable, in IndexedDB), one record a name, the name bound in as additional data. Forgotten at sign-out of
// its owner; another account on the same machine gets a key of its own.
const DATABASE = 'shanqiao';
const KEYS = 'keys';
const RECORDS = 'records';

interface Sealed { iv: Uint8Array<ArrayBuffer>; sealed: ArrayBuffer; type: string | null }

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

export class Keep {
    private constructor(private readonly db: IDBDatabase, readonly owner: string, private readonly key: CryptoKey) {}

    /** `owner`: account id. */
    static async of(owner: string): Promise<Keep> {
        const db = await open();
        const known = await ask<CryptoKey | undefined>(db.transaction(KEYS).objectStore(KEYS).get(owner));
        if (known) return new Keep(db, owner, known);
        const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
        await ask(db.transaction(KEYS, 'readwrite').objectStore(KEYS).put(key, owner));
        return new Keep(db, owner, key);
    }

    /** Writes land in the order in which they were asked for, however long sealing takes. */
    private inOrder<T>(write: () => Promise<T>): Promise<T> {
        const done = this.last.then(write);
        this.last = done.catch(() => undefined); // who asked is told
        return done;
    }
    private last: Promise<unknown> = Promise.resolve();

    private full(name: string): string {
        return `${this.owner}/${name}`;
    }

    private async sealed(name: string, value: unknown): Promise<{ full: string; record: Sealed }> {
        const full = this.full(name);
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const plain = value instanceof Blob ? await value.arrayBuffer() : new TextEncoder().encode(JSON.stringify(value));
        const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(full) }, this.key, plain);
        return { full, record: { iv, sealed, type: value instanceof Blob ? value.type : null } };
    }

    put(name: string, value: unknown): Promise<void> {
        return this.putAll([[name, value]]);
    }

    /** All of them or none, whenever the page is closed. */
    putAll(all: [name: string, value: unknown][]): Promise<void> {
        const sealing = Promise.all(all.map(([name, value]) => this.sealed(name, value)));
        return this.inOrder(async () => this.write(await sealing));
    }

    private async write(ready: { full: string; record: Sealed }[]): Promise<void> {
        const transaction = this.db.transaction(RECORDS, 'readwrite');
        for (const { full, record } of ready) transaction.objectStore(RECORDS).put(record, full);
        await new Promise<void>((resolve, reject) => {
            transaction.oncomplete = () => resolve();
            transaction.onabort = () => reject(transaction.error);
        });
    }

    /** undefined: nothing under that name, or not readable by this key. */
    async get<T>(name: string): Promise<T | undefined> {
        const full = this.full(name);
        const record = await ask<Sealed | undefined>(
            this.db.transaction(RECORDS).objectStore(RECORDS).get(full));
        if (!record) return undefined;
        const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: record.iv, additionalData: new TextEncoder().encode(full) }, this.key, record.sealed);
        if (record.type !== null) return new Blob([plain], { type: record.type }) as T;
        return JSON.parse(new TextDecoder().decode(plain)) as T;
    }

    delete(name: string): Promise<void> {
        return this.inOrder(() => ask(this.db.transaction(RECORDS, 'readwrite').objectStore(RECORDS).delete(this.full(name))));
    }

    /** Names that begin with `prefix`, in order. */
    async names(prefix: string): Promise<string[]> {
        const from = this.full(prefix);
        const keys = await ask(this.db.transaction(RECORDS).objectStore(RECORDS).getAllKeys(IDBKeyRange.bound(from, `${from}\uffff`)));
        return keys.map((key) => String(key).slice(this.owner.length + 1));
    }

    /** Records and key of this owner: nothing of it can be read again. */
    async forget(): Promise<void> {
        for (const name of await this.names('')) await this.delete(name);
        await ask(this.db.transaction(KEYS, 'readwrite').objectStore(KEYS).delete(this.owner));
    }
}
