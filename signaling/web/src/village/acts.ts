// SPDX-License-Identifier: Apache-2.0
// What the applicant does to a case, through the outbox: done at once when there is a way, kept and shown when not.
// Keeps the shown case new with the answer.
import { remember } from '../case/live';
import type { NewItem } from '../outbox/outbox';
import { outbox } from '../outbox/start';
import { toast } from '../ui/ui';
import type { Method, Params } from '../wire/connection';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { words as outboxWords } from '../outbox/text';

/** Resolves when the server did it, or when it waits in the outbox because there is no way now. */
export async function act<M extends Method>(group: string, what: NewItem['what'], method: M, params: Params<M>): Promise<unknown> {
    const box = await outbox();
    const [item] = await box.add([{ group, what, task: { kind: 'call', method, params } }]);
    if (server.state.value !== 'ready') {
        toast(outboxWords('offline'), 'warn');
        return undefined;
    }
    try {
        const result = (await box.result(item!.id)) as { consultation?: Consultation } | undefined; // undefined: another page sent it
        if (result?.consultation) remember(result.consultation);
        return result;
    } catch (error) {
        await box.remove(item!.id); // the person is told here and now
        throw error;
    }
}
