// SPDX-License-Identifier: Apache-2.0
// Who rings this specialist now: from notifications, and after a reload or an outage from the list. Rings, notifies and
// flashes while somebody does. Refuses to know pages; says only which consultation is asked for.
import { effect, signal, untracked } from '@preact/signals';
import { go } from '../app/router';
import { running } from '../app/running';
import { account, locked } from '../app/session';
import { remember } from '../case/live';
import { common } from '../text/common';
import { toast } from '../ui/ui';
import { server } from '../wire/server';
import type { Consultation } from '../wire/protocol';
import { isAuthor, ringsFor } from './due';
import { closeNotice, flashTitle, showNotice } from './notice';
import { chime, startRing, stopRing } from './sound';
import { words } from './text';

const RANK = { emergency: 0, urgent: 1, routine: 2 } as const;
const OVERDUE_MS = 5000; // told late or not at all while the network was down
const answered = new Set<string>(); // by this page: its end is told by the page itself

const TOLD = 'shanqiao.rings'; // ids only
const told = new Set<string>(JSON.parse(sessionStorage.getItem(TOLD) ?? '[]') as string[]);

/** Most urgent first, then oldest. */
export const rings = signal<Consultation[]>([]);
export const silenced = signal<ReadonlySet<string>>(new Set());

function add(c: Consultation): void {
    const others = rings.value.filter((r) => r.id !== c.id);
    rings.value = [...others, c].sort((a, b) => RANK[a.urgency] - RANK[b.urgency] || a.submittedAt.localeCompare(b.submittedAt));
}

function remove(id: string): void {
    closeNotice(id);
    if (rings.value.some((r) => r.id === id)) rings.value = rings.value.filter((r) => r.id !== id);
}

/** This page answers it: rings no more, and nobody is told what the person knows. */
export function answer(id: string): void {
    answered.add(id);
    remove(id);
}

/** The answer did not arrive. */
export function unanswer(c: Consultation): void {
    answered.delete(c.id);
    if (account.value && ringsFor(c, account.value.id)) add(c);
}

function take(c: Consultation): void {
    const me = account.value;
    if (!me) return;
    const sure = told.has(c.id) || !me.roles.includes('coordinator'); // who sees what is clinical without being asked
    if (sure && ringsFor(c, me.id) && !answered.has(c.id)) add(c);
    else remove(c.id);
}

/** What rings now, as the server has it. */
async function sync(): Promise<void> {
    const { consultations } = await server.call('consultation.list', { active: true, limit: 50 });
    const now = new Set(consultations.map((c) => c.id));
    for (const r of rings.value) if (!now.has(r.id)) remove(r.id);
    consultations.forEach((c) => { remember(c); take(c); });
}

server.on('consultation.ring', ({ consultation }) => {
    const { id } = consultation;
    answered.delete(id);
    opened.delete(id);
    told.add(id);
    sessionStorage.setItem(TOLD, JSON.stringify([...told].slice(-50)));
    take(consultation);
});
server.on('consultation.state', ({ consultation }) => { if (rings.value.some((r) => r.id === consultation.id)) take(consultation); });
server.on('consultation.state', ({ consultation: c, by }) => {
    if (c.state === 'outcome_recorded' && by !== account.value?.id && account.value && isAuthor(c, account.value.id)) toast(words('outcomeTold'), 'good');
});
server.on('consultation.ringStopped', ({ id, reason }) => {
    const rang = rings.value.some((r) => r.id === id);
    remove(id);
    if (rang && !answered.delete(id)) toast(words(`stopped.${reason}`));
});
server.on('consultation.removed', ({ id }) => remove(id));
server.onReload(() => void sync().catch(() => undefined));
setInterval(() => {
    for (const r of rings.value) if (r.deadlineAt && Date.parse(r.deadlineAt) + OVERDUE_MS < Date.now()) void refresh(r.id);
}, 1000);

const asking = new Set<string>();
async function refresh(id: string): Promise<void> {
    if (asking.has(id)) return;
    asking.add(id);
    await server.call('consultation.get', { id }).then(({ consultation }) => take(consultation), () => remove(id));
    setTimeout(() => asking.delete(id), 5000);
}

export function look(id: string): void {
    go('consult', id);
}

const opened = new Set<string>();

/** By itself, the first time only: who goes back to the desk wants to be there. */
export function lookOnce(id: string): void {
    if (opened.has(id) || locked.value) return;
    opened.add(id);
    look(id);
}

/** Sound: not over a running call, unless somebody's life depends on it. */
effect(() => {
    const loud = rings.value.filter((r) => !silenced.value.has(r.id) && (running.value === null || r.urgency === 'emergency'));
    if (loud.length) startRing(loud[0]!.urgency === 'emergency' ? 'emergency' : 'calm');
    else stopRing();
});

effect(() => {
    const first = rings.value[0];
    flashTitle(first ? words('ringTitle', { kind: common(`kind.${first.kind}`) }) : null);
    for (const r of rings.value)
        if (document.hidden || !document.hasFocus())
            showNotice(r.id, words('noticeTitle', { kind: common(`kind.${r.kind}`) }), words('noticeBody', { urgency: common(`urgency.${r.urgency}`) }), () => { if (!locked.value) look(r.id); });
});

effect(() => {
    const me = account.value?.id;
    untracked(() => {
        if (me) void sync().catch(() => undefined);
        else rings.value = [];
    });
});

server.on('consultation.reminder', ({ what }) => {
    if (what !== 'reading') return;
    toast(words('readingReminder'));
    if (!running.value) void chime();
});
