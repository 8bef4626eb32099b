// SPDX-License-Identifier: Apache-2.0
// An opinion while it is written: each keystroke goes into this machine's sealed keep at once, to the server a little
// later, and what was written elsewhere is merged in. Knows neither page nor wire: keep, server and timer are handed in.
import { signal } from '@preact/signals';
import { emptyDraft, merge, problemsOf, same, take, type Draft, type DraftField } from './draft';

/** What is written beside the opinion and signed with it: reason of a new version, dissent, who is excused. */
export interface Beside {
    reason: string;
    dissent: Record<string, string>; // account -> what it does not agree with
    excused: Record<string, string>; // account -> reason
}

interface Kept { base: Draft; draft: Draft; beside: Beside }

export interface DraftingPort {
    keep: { get<T>(name: string): Promise<T | undefined>; put(name: string, value: unknown): Promise<void>; delete(name: string): Promise<void> };
    /** What the server holds; null: nothing yet. Waits for the network. */
    load(): Promise<Draft | null>;
    save(draft: Draft): Promise<void>;
    later(action: () => void, ms: number): () => void;
}

export type DraftState =
    | 'opening'
    | 'kept' // on this machine
    | 'saving' // on its way to the server; waits there while the network is down
    | 'saved' // on the server too
    | 'refused'; // the server does not take it now; kept here

const SAVE_AFTER_MS = 1500;

export class Drafting {
    readonly draft = signal<Draft>(emptyDraft());
    readonly beside = signal<Beside>({ reason: '', dissent: {}, excused: {} });
    readonly state = signal<DraftState>('opening');
    readonly error = signal<unknown>(null);
    /** Changed here and elsewhere: what the other place says. */
    readonly conflicts = signal<Partial<Draft>>({});
    private base = emptyDraft();
    private sending: Promise<void> | null = null;
    private closed = false; // nobody shows it any more; another one may have opened the same record
    private gone = false; // signed: nothing is to be kept
    private cancelSave: (() => void) | null = null;

    /** `start`: what a new draft begins with (the signed text that is to be replaced). */
    constructor(private readonly port: DraftingPort, private readonly name: string, private readonly start: Draft = emptyDraft()) {}

    /** Shows what is kept here without waiting for the network, then merges what the server holds. */
    async open(): Promise<void> {
        const kept = await this.port.keep.get<Kept>(this.name).catch(() => undefined);
        this.base = kept?.base ?? this.start;
        this.draft.value = { ...emptyDraft(), ...(kept?.draft ?? this.start) };
        if (kept?.beside) this.beside.value = kept.beside;
        this.state.value = 'kept';
        await this.reload();
    }

    /** After an outage or when somebody may have written elsewhere. */
    async reload(): Promise<void> {
        try {
            this.mergeIn((await this.port.load()) ?? this.start);
        } catch (error) {
            this.error.value = error;
        }
    }

    private mergeIn(theirs: Draft): void {
        if (this.closed) return;
        const { draft, conflicts } = merge(this.base, this.draft.value, theirs);
        const before = this.base;
        this.draft.value = draft;
        this.base = { ...theirs };
        for (const field of conflicts) take(this.base, before, field); // found again after a reload, until settled
        this.conflicts.value = Object.fromEntries(conflicts.map((f) => [f, theirs[f]]));
        this.state.value = same(draft, theirs) ? 'saved' : 'kept';
        this.write();
        if (this.state.value === 'kept' && !conflicts.length) this.schedule();
    }

    /** The other place's words instead of mine, or mine instead of its. */
    settle(field: DraftField, theirs: boolean): void {
        const { [field]: other, ...left } = this.conflicts.value;
        this.base = { ...this.base, [field]: other };
        this.conflicts.value = left;
        this.change(theirs ? { [field]: other } : {});
    }

    change(part: Partial<Draft>): void {
        this.draft.value = { ...this.draft.value, ...part };
        this.state.value = 'kept';
        this.write();
        this.schedule();
    }

    changeBeside(part: Partial<Beside>): void {
        this.beside.value = { ...this.beside.value, ...part };
        this.write();
    }

    /** At once: what was typed is there whenever the page is closed. */
    private write(): void {
        if (this.gone) return;
        const kept: Kept = { base: this.base, draft: this.draft.value, beside: this.beside.value };
        this.port.keep.put(this.name, kept).catch((error) => (this.error.value = error));
    }

    private schedule(): void {
        this.cancelSave?.();
        this.cancelSave = this.port.later(() => void this.flush().catch(() => undefined), SAVE_AFTER_MS);
    }

    /** To the server now. Fails with what it refused; the draft stays here in any case. */
    async flush(): Promise<void> {
        this.cancelSave?.();
        this.cancelSave = null;
        while (this.sending) await this.sending;
        if (this.closed || this.held()) return;
        if (same(this.draft.value, this.base)) { // typed back to what it was
            if (this.state.value === 'kept') this.state.value = 'saved';
            return;
        }
        this.sending = this.send().finally(() => (this.sending = null));
        await this.sending;
    }

    /** Not to be sent before the person has decided or corrected something. */
    held(): boolean {
        return Object.keys(this.conflicts.value).length > 0 || problemsOf(this.draft.value).length > 0;
    }

    private async send(): Promise<void> {
        const sent = this.draft.value;
        this.state.value = 'saving';
        try {
            await this.port.save(sent);
        } catch (error) {
            this.error.value = error;
            this.state.value = 'refused';
            throw error;
        }
        this.error.value = null;
        if (this.closed) return;
        this.base = sent;
        this.write();
        if (same(this.draft.value, sent)) this.state.value = 'saved';
        else { // typed on meanwhile
            this.state.value = 'kept';
            this.schedule();
        }
    }

    /** Nothing is kept any more: it was signed. */
    async discard(): Promise<void> {
        this.close();
        this.gone = true;
        await this.port.keep.delete(this.name);
    }

    close(): void {
        this.closed = true;
        this.cancelSave?.();
    }
}
