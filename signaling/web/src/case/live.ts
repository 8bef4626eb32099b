// SPDX-License-Identifier: Apache-2.0
// Consultations as they are now: one record each, taken from whatever tells of it last (a reply, a notification). It
// knows no page. What a newer revision said is not overwritten by an older reply.
import { signal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Consultation } from '../wire/protocol';
import { account, keep } from '../app/session';
import { notOurs } from '../wire/connection';
import { server } from '../wire/server';
import { OVER } from './state';

export interface Live {
    value: Consultation | undefined;
    error: unknown; // why it could not be loaded
    again(): void;
}

interface Entry {
    state: Signal<{ value?: Consultation; error?: unknown; gone?: boolean }>;
    users: number;
    asking: boolean;
}

const entries = new Map<string, Entry>();
const watchers = new Set<(c: Consultation) => void>();

function entryOf(id: string): Entry {
    let entry = entries.get(id);
    if (!entry) entries.set(id, (entry = { state: signal({}), users: 0, asking: false }));
    return entry;
}

/** What a reply or a notification says about a consultation; everybody who shows it sees it at once. */
export function remember(c: Consultation): void {
    const entry = entries.get(c.id);
    const known = entry?.state.value.value;
    if (entry && (!known || known.revision <= c.revision)) {
        entry.state.value = { value: c };
        void keepOwn(c);
    }
    if (!known || known.revision <= c.revision) watchers.forEach((f) => f(c));
}

/** Names by account of those who take part, as far as the consultation is here. */
export function peopleOf(id: string): Map<string, string> {
    const c = entries.get(id)?.state.value.value;
    const all = c ? [c.applicant, c.specialist, ...(c.members ?? []).map((m) => m.account)] : [];
    return new Map(all.flatMap((a) => (a ? [[a.id, a.name] as [string, string]] : [])));
}

/** Told of each consultation that changes, shown or not: lists keep themselves new by this. Returns: stop. */
export function watchCases(f: (c: Consultation) => void): () => void {
    watchers.add(f);
    return () => void watchers.delete(f);
}

/** One's own requests that are open stay readable while the network is away; sealed, gone when they are over. */
async function keepOwn(c: Consultation): Promise<void> {
    if (c.applicant.id !== account.value?.id) return;
    if (OVER.has(c.state)) await keep.value?.delete(`case/${c.id}`);
    else await keep.value?.put(`case/${c.id}`, c);
}

/** What this account may see no longer leaves the page; what can't be asked about now stays. */
async function load(id: string): Promise<void> {
    const entry = entryOf(id);
    if (!entry.state.value.value && server.state.value !== 'ready') {
        const kept = await keep.value?.get<Consultation>(`case/${id}`);
        if (kept && !entry.state.value.value) entry.state.value = { value: kept };
    }
    if (entry.asking) return;
    entry.asking = true;
    try {
        remember((await server.call('consultation.get', { id })).consultation);
    } catch (error) {
        const { value } = entry.state.value;
        entry.state.value = { ...(value && !notOurs(error) ? { value } : {}), error };
    } finally {
        entry.asking = false;
    }
}

function forget(id: string): void {
    const entry = entries.get(id);
    if (entry && entry.users === 0) entries.delete(id);
}

/** The consultation `id`, live while the component is there. Give it to `Loaded`. */
export function useCase(id: string): Live {
    const entry = entryOf(id);
    useEffect(() => {
        const used = entryOf(id);
        used.users++;
        void load(id);
        return () => {
            used.users--;
            setTimeout(() => forget(id), 60_000); // back and forth asks once
        };
    }, [id]);
    const { value, error } = entry.state.value;
    return { value, error, again: () => void load(id) };
}

let whose: string | undefined;
account.subscribe((one) => { // what one account may see is not another's
    if (one?.id !== whose) entries.clear();
    whose = one?.id;
});
server.on('consultation.state', ({ consultation }) => remember(consultation));
server.on('consultation.ring', ({ consultation }) => remember(consultation));
server.on('consultation.participant', ({ id, participantId, present }) => {
    const entry = entries.get(id);
    const known = entry?.state.value.value;
    if (!entry || !known) return;
    const others = known.present.filter((one) => one !== participantId);
    entry.state.value = { value: { ...known, present: present ? [...others, participantId] : others } };
});
const anew = ({ id }: { id: string }): void => { if (entries.has(id)) void load(id); };
server.on('consultation.removed', anew);
server.on('consultation.ringStopped', anew); // who was only rung hears no more of it
server.onReload(() => { for (const [id, entry] of entries) if (entry.users) void load(id); });
