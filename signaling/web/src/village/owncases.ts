// SPDX-License-Identifier: Apache-2.0
// One's own cases, newest first: loaded page by page, kept new by what the wire tells, the first ones sealed for when
// the network is away.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { account, keep } from '../app/session';
import { OVER, watchCases } from '../case/case';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';

export const CASES_MAX = 5000;
const FIRST = 20; // what a screen shows, at once on a weak link
const PAGE = 50;

export class OwnCases {
    readonly cases = signal<Consultation[]>([]);
    readonly more = signal(true);
    readonly error = signal<unknown>(null);
    /** undefined: from this machine only, so far. */
    readonly fresh = signal(false);
    private cursor: string | undefined;
    private loading = false;
    private turn = 0;

    constructor(private readonly active: boolean) {}

    private get name(): string {
        return `cases/${this.active ? 'active' : 'all'}`;
    }

    async first(): Promise<void> {
        const turn = ++this.turn;
        if (!this.cases.value.length) {
            const kept = await keep.value?.get<Consultation[]>(this.name);
            if (kept && turn === this.turn && !this.cases.value.length) this.cases.value = kept;
        }
        this.cursor = undefined;
        this.loading = false;
        await this.next(true);
    }

    /** One page more, unless one is on its way. */
    async next(anew = false): Promise<void> {
        if (this.loading || (!anew && !this.more.value)) return;
        this.loading = true;
        const turn = this.turn;
        try {
            const reply = await server.call('consultation.list', { limit: anew ? FIRST : PAGE, ...(this.active ? { active: true } : {}), ...(this.cursor ? { cursor: this.cursor } : {}) });
            if (turn !== this.turn) return;
            const mine = reply.consultations.filter((c) => c.applicant.id === account.value?.id);
            const known = new Set(anew ? [] : this.cases.value.map((c) => c.id));
            this.cases.value = anew ? mine : [...this.cases.value, ...mine.filter((c) => !known.has(c.id))];
            this.cursor = reply.cursor;
            this.more.value = reply.more && reply.cursor !== undefined && this.cases.value.length < CASES_MAX;
            this.fresh.value = true;
            this.error.value = null;
            if (anew) void keep.value?.put(this.name, mine);
        } catch (error) {
            this.error.value = error;
            this.more.value = false;
        } finally {
            if (turn === this.turn) this.loading = false;
        }
    }

    /** All that there are, for a search. */
    async rest(): Promise<void> {
        while (this.more.value && this.cases.value.length < CASES_MAX) await this.next();
    }

    take(c: Consultation): void {
        if (c.applicant.id !== account.value?.id) return;
        const at = this.cases.value.findIndex((one) => one.id === c.id);
        const fits = !this.active || !OVER.has(c.state);
        if (at < 0 && fits) this.cases.value = [c, ...this.cases.value];
        else if (at >= 0) this.cases.value = fits ? this.cases.value.map((one, i) => (i === at ? c : one)) : this.cases.value.filter((_, i) => i !== at);
    }
}

let lists: { owner: string; active: OwnCases; all: OwnCases } | null = null;

/** The list, shared by the pages of one who is signed in. */
export function useOwnCases(active: boolean): OwnCases {
    const owner = account.value?.id ?? '';
    if (lists?.owner !== owner) lists = { owner, active: new OwnCases(true), all: new OwnCases(false) };
    const list = active ? lists.active : lists.all;
    useEffect(() => {
        void list.first();
        const off = [watchCases((c) => list.take(c)), server.onReload(() => void list.first())];
        return () => off.forEach((f) => f());
    }, [list]);
    return list;
}
