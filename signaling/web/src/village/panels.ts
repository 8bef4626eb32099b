// SPDX-License-Identifier: Apache-2.0
// Panels around this clinic that can be asked, as last seen when the network is away. Sealed with the rest: an emergency
// knows whom to ring in the dark.
import { keep } from '../app/session';
import type { Params, Result } from '../wire/connection';
import { server } from '../wire/server';
import type { Kind } from './request';

export type Panel = Result<'directory.panels'>['panels'][number];
export interface Panels { panels: Panel[]; old: boolean }

const FEW = 200;

async function ask(kind: Kind): Promise<Panel[]> {
    const panels: Panel[] = [];
    for (let cursor: string | undefined; panels.length < FEW;) {
        const params: Params<'directory.panels'> = { around: true, kind, limit: 50, ...(cursor ? { cursor } : {}) };
        const page = await server.call('directory.panels', params);
        panels.push(...page.panels);
        cursor = page.next;
        if (!cursor) break;
    }
    return panels;
}

/** Those with an agreement first, then who has somebody on duty, then the nearest. */
export function sorted(panels: Panel[]): Panel[] {
    return [...panels].sort((a, b) => Number(b.agreed ?? false) - Number(a.agreed ?? false) || Number(b.onDuty > 0) - Number(a.onDuty > 0) || (a.distance ?? 99) - (b.distance ?? 99) || a.level - b.level);
}

export async function loadPanels(kind: Kind): Promise<Panels> {
    if (server.state.value !== 'ready') {
        for (const known of [kind, 'live', 'emergency']) {
            const kept = await keep.value?.get<Panel[]>(`panels/${known}`);
            if (kept) return { panels: sorted(kept), old: true };
        }
    }
    const panels = await ask(kind);
    await keep.value?.put(`panels/${kind}`, panels);
    return { panels: sorted(panels), old: false };
}

/** Once, so that the form has a list when the network is away. */
export async function fetchPanels(): Promise<void> {
    if (!(await keep.value?.get('panels/live'))) await loadPanels('live');
}

/** Whom an emergency asks first: on duty before all, for an emergency waits for no agreement. */
export function firstForEmergency(panels: Panel[]): Panel | undefined {
    return [...sorted(panels)].sort((a, b) => Number(b.onDuty > 0) - Number(a.onDuty > 0) || Number(b.specialty === 'emergency') - Number(a.specialty === 'emergency'))[0];
}
