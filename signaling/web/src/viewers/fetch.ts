// SPDX-License-Identifier: Apache-2.0
// Bytes of a material over HTTP ranges (docs/protocol/materials.md): what a broken line left is asked for from where
// it stopped, never from the start. Works in pages and workers; refuses to know what the bytes mean.

export interface Loading {
    /** Bytes here so far, of all. */
    onProgress?: ((loaded: number, total: number) => void) | undefined;
    /** Each piece as it comes, with its place, in order; `total` of the whole file. */
    onPiece?: ((piece: Uint8Array, at: number, total: number) => void) | undefined;
    /** false: who takes the pieces keeps them; nothing is returned. */
    keep?: boolean;
    signal?: AbortSignal | undefined;
    from?: number;
    to?: number; // last byte, inclusive
    fetcher?: typeof fetch;
    wait?: (ms: number) => Promise<void>;
}

export class LoadError extends Error {
    override readonly name = 'LoadError';
    /** `status` 0: no network. */
    constructor(readonly status: number) {
        super(`status ${status}`);
    }
}

const PROGRESS_MS = 150; // nobody reads faster
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 8000, 8000];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const addressOf = (id: string): string => `/materials/${encodeURIComponent(id)}`;

/** What a 206 or 200 says about the whole: `etag` binds later ranges to the same content. */
interface Whole { total: number; etag: string | null; first: number }

function wholeOf(reply: Response, from: number): Whole {
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(reply.headers.get('content-range') ?? '');
    const etag = reply.headers.get('etag');
    if (reply.status === 206 && range) return { total: Number(range[2]), etag, first: Number(range[1]) };
    return { total: Number(reply.headers.get('content-length') ?? 0), etag, first: reply.status === 200 ? 0 : from };
}

/** Bytes from `from` to `to` (or the end). Goes on by itself after a break; ends with LoadError when it makes no sense. */
export async function loadBytes(id: string, how: Loading = {}): Promise<Uint8Array> {
    const from = how.from ?? 0;
    const state: State = { bytes: null, at: from, total: 0, etag: null };
    for (let attempt = 0; ; ) {
        const before = state.at;
        try {
            await readOn(id, from, how, state);
            return state.bytes ?? new Uint8Array(0);
        } catch (error) {
            if (how.signal?.aborted || (error instanceof LoadError && error.status !== 0 && error.status < 500 && error.status !== 429)) throw error;
            attempt = state.at > before ? 0 : attempt + 1;
            if (attempt > RETRY_MS.length) throw error instanceof LoadError ? error : new LoadError(0);
            await (how.wait ?? pause)(RETRY_MS[Math.max(0, attempt - 1)]!);
        }
    }
}

interface State { bytes: Uint8Array | null; at: number; total: number; etag: string | null }

async function readOn(id: string, from: number, how: Loading, state: State): Promise<void> {
    const last = how.to !== undefined ? how.to : '';
    const headers: Record<string, string> = { range: `bytes=${state.at}-${last}` };
    if (state.etag) headers['if-range'] = state.etag;
    const init: RequestInit = { headers, cache: 'no-store' };
    if (how.signal) init.signal = how.signal;
    const reply = await (how.fetcher ?? fetch)(addressOf(id), init);
    if (reply.status !== 206 && reply.status !== 200) throw new LoadError(reply.status);
    const whole = wholeOf(reply, state.at);
    if (state.etag && whole.etag !== state.etag) { // other content now: begin anew
        state.bytes = null;
        state.at = from;
    }
    state.etag = whole.etag;
    state.total = whole.total;
    const end = Math.min(how.to !== undefined ? how.to + 1 : whole.total, whole.total);
    if (how.keep !== false) state.bytes ??= new Uint8Array(Math.max(0, end - from));
    await drain(reply, whole.first, end, from, how, state);
    if (state.at < end) throw new LoadError(0);
}

async function drain(reply: Response, first: number, end: number, from: number, how: Loading, state: State): Promise<void> {
    const reader = reply.body!.getReader();
    let place = first;
    let toldAt = 0;
    for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const skip = Math.max(0, state.at - place); // a 200 starts at 0 whatever was asked
        const piece = value.subarray(skip, Math.max(skip, end - place));
        place += value.length;
        if (piece.length === 0) continue;
        state.bytes?.set(piece, state.at - from);
        how.onPiece?.(piece, state.at, state.total);
        state.at += piece.length;
        const now = Date.now();
        if (state.at >= end || now - toldAt >= PROGRESS_MS) {
            toldAt = now;
            how.onProgress?.(state.at - from, end - from);
        }
        if (state.at >= end) return void reader.cancel().catch(() => undefined);
    }
}

/** The size of the whole, with its first bytes. */
export async function loadHead(id: string, bytes: number, how: Loading = {}): Promise<{ head: Uint8Array; total: number }> {
    let total = 0;
    const head = await loadBytes(id, { ...how, from: 0, to: bytes - 1, fetcher: async (input, init) => {
        const reply = await (how.fetcher ?? fetch)(input, init);
        total = wholeOf(reply, 0).total;
        return reply;
    } });
    return { head, total };
}
