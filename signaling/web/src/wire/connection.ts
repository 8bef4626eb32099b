// SPDX-License-Identifier: Apache-2.0
// One connection to signalling: JSON-RPC over WSS (docs/protocol/signaling.md), sign-in and resuming, requests that
// outlive a lost connection under their old id. Refuses to know what methods mean. Time and sockets are handed in, so
// that tests run it without a network.
import { signal } from '@preact/signals';
import type { Wire } from './protocol';

export type Method = keyof Wire['methods'];
export type Params<M extends Method> = Wire['methods'][M] extends { params: infer P } ? P : Record<string, never>;
export type Result<M extends Method> = Wire['methods'][M] extends { result: infer R } ? R : Record<string, never>;
export type Notification = keyof Wire['notifications'];
export type Told<N extends Notification> = Wire['notifications'][N] extends { params: infer P } ? P : Record<string, never>;

export type ConnectionState =
    | 'offline' // no connection; tried again by itself
    | 'signed_out' // connected, nobody signed in
    | 'ready';

/** What the server refused, with what to do in both languages. `code` is the value of enum sq_error, or JSON-RPC's. */
export class Refusal extends Error {
    override readonly name = 'Refusal';
    constructor(readonly code: number, readonly error: string, readonly remedy: { 'zh-CN': string; en: string }) {
        super(remedy.en);
    }
}

const NOT_OURS: ReadonlySet<string> = new Set(['SQ_ERR_NOT_FOUND', 'SQ_ERR_DENIED']);

/** The server answered that this account has nothing to do with it: never had, or was taken out of it. */
export const notOurs = (error: unknown): boolean => error instanceof Refusal && NOT_OURS.has(error.error);

export interface SocketLike {
    readyState: number;
    send(text: string): void;
    close(code?: number): void;
    onopen: ((event: never) => void) | null;
    onmessage: ((event: { data: unknown }) => void) | null;
    onclose: ((event: { code: number }) => void) | null;
}

export interface Environment {
    open(): SocketLike;
    /** Keeps the token where scripts don't reach (a cookie); forgets it with null. */
    keepToken(token: string | null): Promise<void>;
    /** Is there a kept session to resume, and the last notification that was seen of it? */
    seen: { get(): number | null; set(seq: number | null): void };
    /** The person signed out, and the server has not been told yet. Outlives the page. */
    owed: { get(): boolean; set(owed: boolean): void };
    now(): number; // ms
    later(action: () => void, ms: number): () => void; // returns: cancel
    id(): string;
}

interface Request {
    id: string;
    method: string;
    params: unknown;
    resolve(result: never): void;
    reject(error: Error): void;
}

const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const RETRY_PRESSED_MS = 1500;
/** Nothing heard for so long after a request: a connection that died unnoticed. Longer each time, for a long reply on a
 *  weak link is no silence, and a page sees only whole messages. */
const SILENT_MS = [30_000, 60_000, 120_000, 240_000];
const DOUBT_MS = 1000; // an answer is there within, on most networks
const SECOND_MS = 10_000; // for a second connection to open
const NOT_AGAIN: ReadonlySet<string> = new Set(['auth.login', 'auth.logout', 'session.resume']); // of one connection
const CLOSED_OVER = 4001; // the session is over
const CLOSED_TAKEN = 4002; // resumed elsewhere: a second page of the same browser

export class Connection {
    readonly state = signal<ConnectionState>('offline');
    /** Why the session ended, when it did not by one's own will. */
    readonly ended = signal<'takeover' | 'logout' | 'expired' | 'revoked' | 'elsewhere' | null>(null);
    private socket: SocketLike | null = null;
    private readonly waiting = new Map<string, Request>(); // unanswered, in order
    private readonly handlers = new Map<string, Set<(params: never) => void>>();
    private readonly reloads = new Set<() => void>();
    private attempt = 0;
    private heard = 0; // messages, ever
    private silences = 0; // in a row
    private cancelSilence: (() => void) | null = null;
    private cancelRetry: (() => void) | null = null;
    private second: SocketLike | null = null; // opened beside the first, which may be dead
    private cancelDoubt: (() => void) | null = null;
    private stopped = false;
    private seq = 0;

    constructor(private readonly env: Environment) {}

    start(): void {
        this.stopped = false;
        this.connect();
    }

    stop(): void {
        this.stopped = true;
        this.cancelRetry?.();
        this.trust();
        this.socket?.close();
    }

    /** Tries at once, where a network may have come back. */
    hurry(): void {
        if (this.socket || this.stopped) return;
        this.attempt = 0;
        this.connect();
    }

    /** The network is known to be gone: doesn't wait for the connection to notice. */
    lost(): void {
        const { socket } = this;
        if (!socket) return;
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        this.closed(socket, 1006);
    }

    /** Somebody waits for it, as in a call: it is tried again soon, however long it is away. Returns: not any more. */
    press(): () => void {
        const who = Symbol();
        this.pressing.add(who);
        return () => void this.pressing.delete(who);
    }
    private readonly pressing = new Set<symbol>();

    /**
     * Something else failed on this network: the connection may be dead without a word, as after a change of address.
     * While it owes an answer and says nothing, a second one is opened beside it, which takes its place if it opens first.
     */
    doubt(): void {
        const { socket, heard } = this;
        if (!socket) this.hurry();
        else if (socket.readyState === 1 && !this.cancelDoubt) this.cancelDoubt = this.env.later(() => this.openSecond(socket, heard), DOUBT_MS);
    }

    async signIn(account: string, password: string, takeover: boolean): Promise<Result<'auth.login'>> {
        const reply = await this.send<'auth.login'>('auth.login', { account, password, takeover, device: 'browser' });
        const { socket } = this;
        this.seq = reply.seq; // what is told while the token is kept is of this session
        this.ended.value = null;
        await this.env.keepToken(reply.token);
        this.env.owed.set(false);
        if (this.ended.value !== null) throw new Refusal(-32006, 'SQ_ERR_UNAUTHENTICATED', { 'zh-CN': '请重新登录。', en: 'Sign in again.' }); // over already
        this.env.seen.set(this.seq);
        this.signedIn = true;
        this.firstEntry = false; // what is shown from here on is told of
        if (socket === this.socket) this.enter();
        else if (this.socket?.readyState === 1) void this.opened(this.socket); // lost meanwhile: the next one resumes
        return reply;
    }

    /** Ends the session on the server too: now, or first of all when it can be reached again. */
    async signOut(): Promise<void> {
        this.env.owed.set(true);
        const told = this.state.value === 'ready' && (await this.logout());
        await this.forget('logout', told);
        if (this.stopped) this.start(); // it went on elsewhere, and ends there too
    }

    /** Waits for the connection if there is none; `id` makes a repeat after a reload the same request. */
    call<M extends Method>(method: M, params: Params<M>, id?: string): Promise<Result<M>> {
        return new Promise((resolve, reject) => {
            const request: Request = { id: id ?? this.env.id(), method, params, resolve: resolve as never, reject };
            this.waiting.set(request.id, request);
            if (this.state.value === 'ready') this.transmit(request);
        });
    }

    on<N extends Notification>(name: N, handler: (params: Told<N>) => void): () => void {
        const set = this.handlers.get(name) ?? new Set();
        this.handlers.set(name, set);
        set.add(handler as (params: never) => void);
        return () => void set.delete(handler as (params: never) => void);
    }

    /** After each (re)connection to which not all that was missed could be told: load anew. */
    onReload(action: () => void): () => void {
        this.reloads.add(action);
        return () => void this.reloads.delete(action);
    }

    // ---- inside ----

    private connect(): void {
        this.adopt(this.env.open());
    }

    private adopt(socket: SocketLike): void {
        this.cancelRetry?.();
        this.cancelRetry = null;
        this.socket = socket;
        socket.onopen = () => void this.opened(socket);
        socket.onmessage = (event) => this.received(JSON.parse(String(event.data)));
        socket.onclose = (event) => this.closed(socket, event.code);
    }

    private openSecond(first: SocketLike, heard: number): void {
        this.trust();
        const dead = (): boolean => first === this.socket && heard === this.heard && this.waiting.size > 0;
        if (!dead()) return;
        const again = (ms: number): void => {
            this.cancelDoubt?.();
            this.cancelDoubt = this.env.later(() => this.openSecond(first, heard), ms);
        };
        const second = this.env.open();
        this.second = second;
        again(SECOND_MS);
        second.onclose = () => again(DOUBT_MS);
        second.onopen = () => {
            if (!dead()) return this.trust();
            this.second = null;
            this.lost();
            this.adopt(second);
            void this.opened(second);
        };
    }

    /** No doubt any more. */
    private trust(): void {
        this.cancelDoubt?.();
        this.cancelDoubt = null;
        const { second } = this;
        this.second = null;
        if (!second) return;
        second.onopen = second.onclose = null;
        second.close();
    }

    /** Whether the session is over on the server now. */
    private async logout(): Promise<boolean> {
        try {
            await this.send('auth.logout', {});
            return true;
        } catch (error) {
            return !(error instanceof Refusal) || error.error !== 'SQ_ERR_OFFLINE'; // refused: there is none
        }
    }

    /** The session that was signed out of while there was no way. */
    private async payOwed(socket: SocketLike): Promise<void> {
        try {
            await this.send('session.resume', { lastSeq: 0, reload: true });
        } catch (error) {
            if (error instanceof Refusal && error.error !== 'SQ_ERR_OFFLINE') await this.forget('logout'); // it was over
            else socket.close();
            return;
        }
        if (await this.logout()) await this.forget('logout');
        else socket.close();
    }

    private async opened(socket: SocketLike): Promise<void> {
        this.attempt = 0;
        if (this.env.owed.get()) return this.payOwed(socket);
        const seen = this.env.seen.get();
        this.signedIn ??= seen !== null;
        if (seen === null && this.signedIn) return this.forget('logout', false); // by another page of this browser
        if (seen === null || !this.signedIn) {
            this.state.value = 'signed_out';
            return;
        }
        try {
            await this.resume(seen);
        } catch (error) {
            if (socket !== this.socket) return;
            if (this.env.owed.get()) socket.close(); // signed out meanwhile
            else if (error instanceof Refusal && error.error === 'SQ_ERR_UNAUTHENTICATED') await this.forget('expired');
            else socket.close();
        }
    }

    private async resume(seen: number): Promise<void> {
        let told = true; // what was missed is told
        let lastSeq = seen;
        try {
            await this.send('session.resume', { lastSeq });
        } catch (error) {
            if (!(error instanceof Refusal) || error.error !== 'SQ_ERR_STATE') throw error;
            const reply = await this.send('session.resume', { lastSeq, reload: true });
            lastSeq = (reply as { seq: number }).seq;
            told = false;
        }
        this.seq = lastSeq;
        this.env.seen.set(lastSeq);
        this.enter();
        if (!told || this.firstEntry) this.reloads.forEach((action) => action());
        this.firstEntry = false;
    }
    private firstEntry = true;
    /** Here, not in another page of this browser, whose session is not taken; null: the first connection tells. */
    private signedIn: boolean | null = null;

    private enter(): void {
        for (const request of this.waiting.values()) this.transmit(request);
        this.state.value = 'ready'; // those who wait for it ask after that, and so once
    }

    /** `told`: the server has ended the session, and the cookie is of no more use. */
    private async forget(why: NonNullable<Connection['ended']['value']>, told = true): Promise<void> {
        this.env.seen.set(null);
        this.signedIn = false;
        this.ended.value = why;
        for (const request of this.waiting.values())
            request.reject(new Refusal(-32006, 'SQ_ERR_UNAUTHENTICATED', { 'zh-CN': '请重新登录。', en: 'Sign in again.' }));
        this.waiting.clear();
        this.state.value = this.socket ? 'signed_out' : 'offline';
        if (told) await this.env.keepToken(null).then(() => this.env.owed.set(false), () => undefined); // out of reach now; the server has ended it
    }

    /** Before there is a session: not sent again by itself. */
    private send<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
        return new Promise((resolve, reject) => {
            const request: Request = { id: this.env.id(), method, params, resolve: resolve as never, reject };
            this.waiting.set(request.id, request);
            this.transmit(request);
        });
    }

    private transmit(request: Request): void {
        if (this.socket?.readyState !== 1) return;
        this.socket.send(JSON.stringify({ jsonrpc: '2.0', id: request.id, method: request.method, params: request.params }));
        if (!this.cancelSilence) this.listen(this.socket);
    }

    /** Looks again while something is unanswered. */
    private listen(socket: SocketLike): void {
        const before = this.heard;
        this.cancelSilence = this.env.later(() => {
            this.cancelSilence = null;
            if (socket !== this.socket || this.waiting.size === 0) return;
            if (this.heard !== before) return this.listen(socket);
            this.silences++;
            this.lost();
        }, SILENT_MS[Math.min(this.silences, SILENT_MS.length - 1)]!);
    }

    private received(message: { id?: string; method?: string; params?: { seq?: number }; result?: unknown; error?: { code: number; message: string; data?: { error: string; remedy: { 'zh-CN': string; en: string } } } }): void {
        this.heard++;
        this.silences = 0;
        if (message.method) {
            this.notified(message.method, message.params ?? {});
            return;
        }
        const request = message.id ? this.waiting.get(message.id) : undefined;
        if (!request) return;
        this.waiting.delete(request.id);
        if (this.waiting.size === 0) {
            this.cancelSilence?.();
            this.cancelSilence = null;
        }
        const { error } = message;
        if (!error) request.resolve(message.result as never);
        else request.reject(new Refusal(error.code, error.data?.error ?? '', error.data?.remedy ?? { 'zh-CN': error.message, en: error.message }));
    }

    private notified(method: string, params: { seq?: number; reason?: string }): void {
        if (method === 'session.ended') { // the last words, whatever their number
            void this.forget((params.reason as 'expired') ?? 'expired');
            return;
        }
        if (params.seq !== undefined) {
            if (params.seq <= this.seq) return; // told before
            this.seq = params.seq;
            this.env.seen.set(this.seq);
        }
        this.handlers.get(method)?.forEach((handler) => handler(params as never));
    }

    private closed(socket: SocketLike, code: number): void {
        if (socket !== this.socket) return;
        this.cancelSilence?.();
        this.cancelSilence = null;
        this.trust();
        this.socket = null;
        this.state.value = 'offline';
        for (const [id, request] of this.waiting)
            if (NOT_AGAIN.has(request.method)) {
                this.waiting.delete(id);
                request.reject(new Refusal(-32007, 'SQ_ERR_OFFLINE', { 'zh-CN': '网络已断开，请稍后重试。', en: 'The network was lost. Try again soon.' }));
            }
        if (code === CLOSED_OVER) void this.forget(this.ended.value ?? 'expired');
        if (code === CLOSED_TAKEN) {
            this.ended.value = 'elsewhere'; // the other page goes on; no fight over the session
            this.stopped = true;
        }
        if (this.stopped) return;
        const usual = RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)]!;
        const ms = this.pressing.size ? Math.min(usual, RETRY_PRESSED_MS) : usual;
        this.cancelRetry = this.env.later(() => this.connect(), ms * (0.75 + Math.random() / 2));
    }
}
