// SPDX-License-Identifier: Apache-2.0
// Drafts of requests: sealed on this machine at each change, on the server when it can be reached, listed from both.
// Knows how a request becomes items of the outbox; refuses to know screens.
import { signal, type Signal } from '@preact/signals';
import { keep } from '../app/session';
import { dropFile, hasFile, type FileRef } from '../outbox/files';
import type { NewItem } from '../outbox/outbox';
import { outbox, post } from '../outbox/start';
import type { Keep } from '../keep/keep';
import type { Consultation } from '../wire/protocol';
import { Refusal } from '../wire/connection';
import { server } from '../wire/server';
import { EMPTY, fieldsOf, isSigned, vitalsOf, wireOf, type Attached, type Draft, type Fields, type Wire } from './request';

const SERVER_MS = 1500; // after the last change
const open = new Map<string, Editing>();
/** Items that make a request of a draft; while one waits or was refused, the draft is not the doctor's to edit. */
export const TURNS_DRAFT: ReadonlySet<string> = new Set(['draft', 'submit', 'emergency']);

/** One draft that is being worked on. */
export class Editing {
    readonly draft: Signal<Draft>;
    /** Why the server has not got it, when it refused. */
    readonly refused = signal<unknown>(null);
    private timer: ReturnType<typeof setTimeout> | null = null;
    private saving = false;
    private leaving = false;
    private thrown = false;

    constructor(draft: Draft, private readonly store: Keep) {
        this.draft = signal(draft);
        if (draft.dirty) this.later();
    }

    set(with_: Partial<Draft>): void {
        this.draft.value = { ...this.draft.value, ...with_, changedAt: Date.now(), dirty: true };
        void this.write();
        this.later();
    }

    fields(with_: Partial<Fields>): void {
        this.set({ fields: { ...this.draft.value.fields, ...with_ } });
    }

    /** Where the person is; nothing that the server needs to know. */
    at(step: Draft['step']): void {
        if (this.draft.value.step === step) return;
        this.draft.value = { ...this.draft.value, step };
        void this.write();
    }

    /** Sealed on this machine, at once: what was typed is there whenever the page is closed. */
    async write(): Promise<void> {
        if (!this.thrown) await this.store.put(`draft/${this.draft.value.id}`, this.draft.value);
    }

    /** Its mark and what is sent are written together: either it is a draft, or all of it waits. Once. */
    async leave(submit: string, items: NewItem[]): Promise<void> {
        if (this.leaving || this.draft.value.sending) return;
        this.leaving = true;
        try {
            const { id } = this.draft.value;
            await this.write();
            if ((await outbox()).items.value.some((i) => i.group === id && TURNS_DRAFT.has(i.what)) || (await sentAs(id))) return; // from another page
            const marked = { ...this.draft.value, sending: submit };
            await post(items, [[`draft/${id}`, marked]]);
            await this.mark({ sending: submit });
        } finally {
            this.leaving = false;
        }
    }

    mark(with_: Partial<Draft>): Promise<void> {
        this.draft.value = { ...this.draft.value, ...with_ };
        return this.write();
    }

    private later(): void {
        if (this.timer) clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.toServer(), SERVER_MS);
    }

    private async toServer(): Promise<void> {
        if (keep.value !== this.store) return; // somebody else is signed in
        if (this.saving || this.draft.value.sending || server.state.value !== 'ready' || !worthKeeping(this.draft.value)) return;
        this.saving = true;
        const sent = this.draft.value;
        try {
            const reply = await server.call('consultation.saveDraft', { ...wireOf(sent), ...(sent.draftId ? { draftId: sent.draftId } : {}) });
            this.refused.value = null;
            await this.mark({ draftId: reply.draftId, missing: reply.missing, dirty: this.draft.value.changedAt !== sent.changedAt });
        } catch (error) {
            this.refused.value = error;
            if (error instanceof Refusal && error.error === 'SQ_ERR_NOT_FOUND') await this.mark({ dirty: true }); // it is kept here all the same
        }
        this.saving = false;
        if (this.draft.value.changedAt !== sent.changedAt) this.later();
    }

    /** Thrown away: nothing of it is kept any more, nor goes to the server. */
    stop(): void {
        this.thrown = true;
        if (this.timer) clearTimeout(this.timer);
        this.timer = null;
    }

    /** The network is back. */
    hurry(): void {
        if (this.draft.value.dirty) this.later();
    }

    async attach(added: Attached[]): Promise<void> {
        this.set({ files: [...this.draft.value.files, ...added] });
        await this.write();
    }

    async detach(file: Attached): Promise<void> {
        this.set({ files: this.draft.value.files.filter((f) => f.file.id !== file.file.id) });
        await dropFile(this.store, file.file.id);
        if (file.preview) await dropFile(this.store, file.preview.id);
    }
}

keep.subscribe(() => open.clear());
server.state.subscribe((state) => { if (state === 'ready') open.forEach((one) => one.hurry()); });

function store(): Keep {
    if (!keep.value) throw new Error('nobody is signed in');
    return keep.value;
}

function blank(id: string): Draft {
    return { id, fields: { ...EMPTY }, vitals: {}, files: [], step: 'who', changedAt: Date.now(), dirty: true };
}

/** The one that is open already, else what is kept, else what the server has. undefined: there is none. */
export async function openDraft(id: string): Promise<Editing | undefined> {
    const known = open.get(id);
    if (known) return known;
    const kept = await store().get<Draft>(`draft/${id}`);
    const draft = kept ?? (await fromServer(id));
    if (!draft) return undefined;
    const editing = new Editing(draft, store());
    open.set(id, editing);
    if (draft.sending && !(await waits(id)) && !(await sentAs(id))) await unmark(editing);
    return editing;
}

const waits = async (id: string): Promise<boolean> => (await outbox()).items.value.some((i) => i.group === id && TURNS_DRAFT.has(i.what));

/** It is a draft again: without what is gone from this machine, and under the server's name for it. */
async function unmark(editing: Editing): Promise<void> {
    const { sending: _, ...draft } = editing.draft.value;
    const here = async (file: FileRef | undefined): Promise<boolean> => file !== undefined && hasFile(store(), file);
    const left = async (all: Attached[]): Promise<Attached[]> => {
        const stay: Attached[] = [];
        for (const one of all) {
            const { preview, ...rest } = one;
            if (await here(one.file)) stay.push((await here(preview)) ? one : rest);
        }
        return stay;
    };
    const files = await left(draft.files);
    const paper = await left(draft.paper ?? []);
    const saved = draft.draftId ?? (await store().get<string>(`saved/${draft.id}`));
    const { signature, ...rest } = draft;
    editing.draft.value = { ...rest, files, paper, ...((await here(signature)) ? { signature: signature! } : {}), ...(saved ? { draftId: saved } : {}) };
    await editing.write();
}

async function fromServer(id: string): Promise<Draft | undefined> {
    const { drafts } = await server.call('consultation.drafts', {});
    const found = drafts.find((d) => d.draftId === id);
    return found && { ...blank(id), draftId: id, fields: fieldsOf(found.request), dirty: false, changedAt: Date.parse(found.savedAt) };
}

/** A new one; of a returned request, under its id. */
export async function newDraft(fields: Partial<Fields> = {}, draftId?: string): Promise<Editing> {
    const id = draftId ?? crypto.randomUUID();
    if (draftId) await store().delete(`sent/${id}`); // it came back
    const editing = new Editing({ ...blank(id), fields: { ...EMPTY, ...fields }, ...(draftId ? { draftId, returned: true } : {}) }, store());
    open.set(id, editing);
    await editing.write();
    return editing;
}

/** A returned request as its own draft; another that is over as a new one. */
export function draftOfCase(c: Consultation): Promise<Editing> {
    const fields = fieldsOf({ ...(c as Partial<Consultation>), panelId: c.panel.id } as Parameters<typeof fieldsOf>[0]);
    Object.assign(fields, { panelName: c.panel.name });
    return c.state === 'returned' ? draftOfReturned(c.id, fields) : newDraft(fields);
}

async function draftOfReturned(id: string, fields: Fields): Promise<Editing> {
    const known = await openDraft(id);
    if (known && (!known.draft.value.sending || (await waits(id)))) return known;
    return newDraft({ ...fields, ...(await consentGiven(id)) }, id); // what was sent before came back again
}

/** What the patient agreed to when it was asked first is not asked again. */
async function consentGiven(id: string): Promise<Partial<Fields>> {
    if (server.state.value !== 'ready') return {};
    const { consents, allows } = await server.call('consent.get', { consultationId: id });
    const share = allows.share ? consents.filter((c) => c.purpose === 'share' && !c.withdrawn).at(-1) : undefined;
    return share ? { share: true, recording: allows.recording, teaching: allows.teaching, signer: share.signer.name, relation: share.signer.relation, given: (['share', 'recording', 'teaching'] as const).filter((p) => allows[p]) } : {};
}

export interface Listed { id: string; changedAt: number; fields: Fields; local: boolean }

const used = (f: Fields): boolean => JSON.stringify({ ...f, kind: '', urgency: '', language: '', textVersion: '' }) !== JSON.stringify({ ...EMPTY, kind: '', urgency: '', language: '', textVersion: '' });

const worthKeeping = (d: Draft): boolean => used(d.fields) || d.files.length > 0 || Object.values(d.vitals).some(Boolean);

/** Of this machine, then those of the server that were begun elsewhere; newest first. */
export async function listDrafts(): Promise<Listed[]> {
    const found: Listed[] = [];
    const here = new Set<string>();
    const waiting = new Set((await outbox()).items.value.map((i) => i.group));
    for (const name of await store().names('draft/')) {
        const draft = await store().get<Draft>(name);
        if (!draft) continue;
        if (draft.draftId) here.add(draft.draftId);
        if (await store().get(`sent/${draft.id}`)) { await store().delete(name); continue; }
        if (worthKeeping(draft) && !(draft.sending && waiting.has(draft.id))) found.push({ id: draft.id, changedAt: draft.changedAt, fields: draft.fields, local: true });
    }
    if (server.state.value === 'ready') {
        const { drafts } = await server.call('consultation.drafts', {});
        for (const d of drafts) {
            const fields = fieldsOf(d.request);
            if (!here.has(d.draftId) && used(fields)) found.push({ id: d.draftId, changedAt: Date.parse(d.savedAt), fields, local: false });
        }
    }
    return found.sort((a, b) => b.changedAt - a.changedAt);
}

/** Thrown away here and on the server, there as soon as it can be reached. A returned request stays as it was sent. */
export async function discardDraft(id: string): Promise<void> {
    const editing = await openDraft(id);
    open.delete(id);
    editing?.stop();
    await store().delete(`draft/${id}`);
    for (const slot of [id, `${id}-consent`]) for (const name of await store().names(`voice/${slot}/`)) await store().delete(name);
    if (!editing) return;
    const { files: added, paper = [], signature, draftId, returned } = editing.draft.value;
    const files = [...added, ...paper];
    for (const f of [...files.map((a) => a.file), ...files.flatMap((a) => a.preview ?? []), ...(signature ? [signature] : [])]) await dropFile(store(), f.id);
    if (!draftId || returned) return;
    if (server.state.value === 'ready') await server.call('consultation.discard', { draftId }).catch(notThere);
    else await post([{ group: id, what: 'discard', task: { kind: 'call', method: 'consultation.discard', params: { draftId } } }]);
}

/** Thrown away elsewhere before. */
function notThere(error: unknown): void {
    if (!(error instanceof Refusal) || error.error !== 'SQ_ERR_NOT_FOUND') throw error;
}

// ---- sending ----

/** Uploads of what was attached, for a consultation that is there or will be. */
export function uploadsOf(files: Attached[], group: string, consultation: string | { $from: string; at: string }): NewItem[] {
    const needs = typeof consultation === 'string' ? [] : [consultation.$from];
    const items: NewItem[] = [];
    const one = (file: FileRef, what: string, more: { preview?: boolean } = {}): NewItem => ({ id: crypto.randomUUID(), group, what, detail: file.name, needs: [...needs], task: { kind: 'upload', file, consultation, ...more } });
    const headers = new Map<string, string>();
    const stem = (name: string): string => name.toLowerCase().replace(/\.[a-z0-9]+$/, '');
    for (const a of files.filter((f) => f.part === 'wfdb_header')) {
        const item = one(a.file, 'ecg');
        headers.set(stem(a.file.name), item.id!);
        items.push(item);
    }
    for (const a of files.filter((f) => f.part !== 'wfdb_header')) {
        if (a.preview) items.push(one(a.preview, 'preview', { preview: true }));
        const item = one(a.file, a.what);
        const header = a.part === 'wfdb_signal' ? headers.get(stem(a.file.name)) : undefined;
        if (header && item.task.kind === 'upload') {
            item.task.header = { $from: header, at: 'materialId' };
            item.needs!.push(header);
        }
        items.push(item);
    }
    return items;
}

function vitalsItem(draft: Draft, consultation: { $from: string; at: string }): NewItem[] {
    const values = vitalsOf(draft.vitals);
    if (!values.length) return [];
    return [{ group: draft.id, what: 'vitals', needs: [consultation.$from], task: { kind: 'call', method: 'material.vitals', params: { consultationId: consultation, takenAt: new Date(draft.changedAt).toISOString(), values } } }];
}

/** What was drawn goes up after the request whose consent it signs, and is named to that consent then. */
function signatureItems(draft: Draft, consultation: { $from: string; at: string }, consent: Wire['consent']): NewItem[] {
    if (!isSigned(draft)) return [];
    const shows: Attached[] = draft.signature ? [{ file: draft.signature, what: 'signature' }] : draft.paper ?? [];
    const uploads = uploadsOf(shows, draft.id, consultation);
    const drawn = uploads.find((i) => i.what !== 'preview')!.id!;
    const purposes = ['care', 'share', ...(consent?.recording ? ['recording'] : []), ...(consent?.teaching ? ['teaching'] : [])];
    return consent ? [...uploads, { group: draft.id, what: 'consent', needs: [consultation.$from, drawn], task: { kind: 'call', method: 'consent.attach', params: { consultationId: consultation, purposes, materialId: { $from: drawn, at: 'materialId' } } } }] : uploads;
}

/** Save, submit, vitals, files: in this order, whenever there is a way. */
export async function sendDraft(editing: Editing): Promise<void> {
    const draft = editing.draft.value;
    if (draft.sending) return;
    const [save, submit] = [crypto.randomUUID(), crypto.randomUUID()];
    const detail = draft.fields.name;
    const wire = wireOf(draft);
    const reply = { $from: submit, at: 'consultation.id' };
    const full = editing.refused.value instanceof Refusal && editing.refused.value.error === 'SQ_ERR_LIMIT'; // no room for one more draft
    const emergency = draft.fields.kind === 'emergency';
    const direct = emergency || (full && !draft.draftId); // one call less
    const draftId = { $from: save, at: 'draftId' };
    const items: NewItem[] = direct
        ? [{ id: submit, group: draft.id, what: emergency ? 'emergency' : 'submit', detail, keepAs: { name: `sent/${draft.id}`, at: 'consultation.id', group: true }, task: { kind: 'call', method: 'consultation.submit', params: { ...wire, ...(draft.draftId ? { draftId: draft.draftId } : {}) } } }]
        : [{ id: save, group: draft.id, what: 'draft', detail, keepAs: { name: `saved/${draft.id}`, at: 'draftId' }, task: { kind: 'call', method: 'consultation.saveDraft', params: { ...wire, ...(draft.draftId ? { draftId: draft.draftId } : {}) } } },
            { id: submit, group: draft.id, what: 'submit', detail, needs: [save], keepAs: { name: `sent/${draft.id}`, at: 'consultation.id', group: true },
                task: { kind: 'call', method: 'consultation.submit', params: { draftId }, proof: { method: 'consultation.get', params: { id: draftId } } } }];
    await editing.leave(submit, [...items, ...vitalsItem(draft, reply), ...signatureItems(draft, reply, wire.consent), ...uploadsOf(draft.files, draft.id, reply)]);
}

/** Back from the outbox to the form, with its files: it was refused, or there is more to say. */
export async function recallDraft(editing: Editing): Promise<void> {
    const box = await outbox();
    const mine = box.items.value.filter((i) => i.group === editing.draft.value.id);
    for (const item of mine) await box.remove(item.id, true);
    await unmark(editing);
}

/** By its name; false: there is no such draft here. */
export async function recall(id: string): Promise<boolean> {
    const editing = await openDraft(id);
    if (editing) await recallDraft(editing);
    return editing !== undefined;
}

/** Anything of it is only on this machine; files, vital signs and what was drawn go up with the request. */
export const onlyHere = (d: Draft): boolean => d.dirty || d.files.length > 0 || (d.paper?.length ?? 0) > 0 || d.signature !== undefined || Object.values(d.vitals).some(Boolean);

/** Consultation that a draft became. */
export function sentAs(id: string): Promise<string | undefined> {
    return store().get<string>(`sent/${id}`);
}

/** Of one that is here; undefined: it is not. */
export async function kindOfDraft(id: string): Promise<Fields['kind'] | undefined> {
    return (open.get(id)?.draft.value ?? (await store().get<Draft>(`draft/${id}`)))?.fields.kind;
}

export async function forgetDraft(id: string): Promise<void> {
    open.delete(id);
    await store().delete(`draft/${id}`);
    await store().delete(`saved/${id}`);
}
