// SPDX-License-Identifier: Apache-2.0
// Files that were chosen, kept sealed in pieces until the server has acknowledged their hash. Knows no network. A file
// is never held in memory as a whole.
import { Sha256 } from './sha256';

export interface Store {
    put(name: string, value: unknown): Promise<void>;
    /** All of them or none. */
    putAll(all: [name: string, value: unknown][]): Promise<void>;
    get<T>(name: string): Promise<T | undefined>;
    delete(name: string): Promise<void>;
    names(prefix: string): Promise<string[]>;
}

export interface FileRef {
    id: string;
    name: string; // as it was called where it came from, at most 200 bytes for the wire
    type: 'photo' | 'pdf' | 'dicom' | 'ecg' | 'audio';
    bytes: number;
    sha256: string;
}

export const PIECE_BYTES = 512 * 1024;
const NAME_BYTES = 200; // docs/protocol/materials.md

const pieceName = (id: string, n: number): string => `file/${id}/${String(n).padStart(6, '0')}`;

/** Without control characters, cut at a whole character. */
export function wireName(name: string): string {
    let short = name.replace(/[\u0000-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '').trim();
    while (new TextEncoder().encode(short).length > NAME_BYTES) short = [...short].slice(0, -1).join('');
    return short;
}

/** Reads, hashes and seals `blob` piece by piece. `progress`: bytes done. Nothing of it stays if that fails. */
export async function keepFile(store: Store, blob: Blob, name: string, type: FileRef['type'], progress?: (bytes: number) => void): Promise<FileRef> {
    const id = crypto.randomUUID();
    const hash = new Sha256();
    try {
        for (let at = 0, n = 0; at < blob.size; at += PIECE_BYTES, n++) {
            const piece = blob.slice(at, at + PIECE_BYTES);
            hash.update(new Uint8Array(await piece.arrayBuffer()));
            await store.put(pieceName(id, n), piece);
            progress?.(Math.min(blob.size, at + PIECE_BYTES));
        }
    } catch (error) {
        await dropFile(store, id);
        throw error;
    }
    return { id, name: wireName(name), type, bytes: blob.size, sha256: hash.hex() };
}

/** What was kept is not here any more. */
export class FileGone extends Error {}

/** Whether anything of it is here. */
export async function hasFile(store: Store, ref: FileRef): Promise<boolean> {
    return (await store.names(`file/${ref.id}/`)).length > 0;
}

/** Bytes [start, end) of a kept file. */
export async function readFile(store: Store, ref: FileRef, start = 0, end = ref.bytes): Promise<Blob> {
    const parts: Blob[] = [];
    const stop = Math.min(end, ref.bytes);
    for (let at = start; at < stop;) {
        const n = Math.floor(at / PIECE_BYTES);
        const piece = await store.get<Blob>(pieceName(ref.id, n));
        if (!piece) throw new FileGone(`a piece of ${ref.id} is gone`);
        const from = at - n * PIECE_BYTES;
        const upTo = Math.min(piece.size, stop - n * PIECE_BYTES);
        parts.push(piece.slice(from, upTo));
        at += upTo - from;
    }
    return new Blob(parts);
}

export async function dropFile(store: Store, id: string): Promise<void> {
    for (const name of await store.names(`file/${id}/`)) await store.delete(name);
}
