// SPDX-License-Identifier: Apache-2.0
// Written ahead of the keep: what is typed is on this machine, sealed, when its input event ends, for a reload waits for
// nothing that is asynchronous. One item of localStorage a write, XChaCha20-Poly1305, its name a random one and bound
// in; taken away when the keep has the write. Refuses to know records: an entry is a name, a version and JSON.
import { xchacha20poly1305 } from '@noble/ciphers/chacha';

const PLACE = 'shanqiao.ahead';
const NONCE_BYTES = 24;
export const KEY_BYTES = 32;
/** UTF-16 units of JSON; what is larger was not typed, and all items share some 5 MB. */
const LONGEST = 512 * 1024;

/** `text`: JSON; null: deleted. `at`: of two versions of a name the larger one is newer. */
export interface Entry { name: string; at: number; text: string | null }

const STRIDE = 0x2000; // arguments of one call

function base64(bytes: Uint8Array): string {
    let text = '';
    for (let i = 0; i < bytes.length; i += STRIDE) text += String.fromCharCode(...bytes.subarray(i, i + STRIDE));
    return btoa(text);
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export class Ahead {
    /** `key`: KEY_BYTES, of this owner; borrowed. */
    constructor(private readonly owner: string, private readonly key: Uint8Array) {}

    private get prefix(): string {
        return `${PLACE}/${this.owner}/`;
    }

    /** Name of the item, for `drop`; null: there is no room, or too much of it. */
    write(entry: Entry): string | null {
        if ((entry.text?.length ?? 0) > LONGEST) return null;
        const item = `${this.prefix}${crypto.randomUUID()}`;
        const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
        const sealed = xchacha20poly1305(this.key, nonce, utf8(item)).encrypt(utf8(JSON.stringify(entry)));
        try {
            localStorage.setItem(item, base64(nonce) + base64(sealed));
            return item;
        } catch {
            return null; // full, or not allowed
        }
    }

    drop(item: string): void {
        localStorage.removeItem(item);
    }

    /** Of all pages of this owner, oldest first. What this key does not open is nobody's any more and goes. */
    all(): { item: string; entry: Entry }[] {
        const found: { item: string; entry: Entry }[] = [];
        for (const item of this.items()) {
            const entry = this.opened(item);
            if (entry) found.push({ item, entry });
            else this.drop(item);
        }
        return found.sort((a, b) => a.entry.at - b.entry.at);
    }

    forget(): void {
        for (const item of this.items()) this.drop(item);
    }

    private items(): string[] {
        return Object.keys(localStorage).filter((item) => item.startsWith(this.prefix));
    }

    private opened(item: string): Entry | undefined {
        const text = localStorage.getItem(item);
        if (text === null) return undefined; // another page took it
        const nonce = NONCE_BYTES / 3 * 4; // characters: no padding between the two
        try {
            const plain = xchacha20poly1305(this.key, bytesOf(text.slice(0, nonce)), utf8(item)).decrypt(bytesOf(text.slice(nonce)));
            return JSON.parse(new TextDecoder().decode(plain)) as Entry;
        } catch {
            return undefined;
        }
    }
}
