// SPDX-License-Identifier: Apache-2.0
// A specialist's own templates, sealed in this browser under a key beside that of the account's drafts, so that signing
// out, which forgets what is of patients, does not take them away.
import { account } from '../app/session';
import { Keep } from '../keep/keep';
import type { Template } from './templates';

const LIST = 'templates';

function keepOf(): Promise<Keep> {
    return Keep.of(`${account.value!.id}.templates`);
}

export async function ownTemplates(): Promise<Template[]> {
    return (await (await keepOf()).get<Template[]>(LIST)) ?? [];
}

/** One of the same id is replaced. */
export async function keepTemplates(added: Template[]): Promise<void> {
    const ids = new Set(added.map((t) => t.id));
    await (await keepOf()).put(LIST, [...(await ownTemplates()).filter((t) => !ids.has(t.id)), ...added]);
}

export async function deleteTemplate(id: string): Promise<void> {
    await (await keepOf()).put(LIST, (await ownTemplates()).filter((t) => t.id !== id));
}
