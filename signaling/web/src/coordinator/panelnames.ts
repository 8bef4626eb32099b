// SPDX-License-Identifier: Apache-2.0
// Panels of the directory, asked once a page for each question.
import { account } from '../app/session';
import type { Params, Result } from '../wire/connection';
import { server } from '../wire/server';
import { words } from './text';

export type Panel = Result<'directory.panels'>['panels'][number];

const PAGES_MAX = 20;

export async function loadPanels(which: Params<'directory.panels'>): Promise<Panel[]> {
    const panels: Panel[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
        const reply = await server.call('directory.panels', { ...which, limit: 100, ...(cursor ? { cursor } : {}) });
        panels.push(...reply.panels);
        cursor = reply.next;
        if (!cursor) break;
    }
    return panels;
}

/** Those of the coordinator's own institution: theirs to keep. */
export function loadOwnPanels(): Promise<Panel[]> {
    const own = account.value?.institution.id;
    return own ? loadPanels({ institution: own }) : Promise.resolve([]);
}

export function panelWords(p: Panel): string {
    return `${p.name} · ${p.institution.name} · ${p.onDuty ? words('onDutyCount', { n: p.onDuty }) : words('nobodyOnDuty')}`;
}
