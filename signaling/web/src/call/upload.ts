// SPDX-License-Identifier: Apache-2.0
// Photos taken in a call: handed to the outbox, which keeps them sealed until the server has them, goes on after an
// outage or a reload, and lets speech go first at the pace that the call sets.
import { keep } from '../app/session';
import { keepFile } from '../outbox/files';
import type { Item } from '../outbox/outbox';
import { callPace, CAREFUL_PACE } from '../outbox/pace';
import { outbox, outboxItems, post } from '../outbox/start';

const SPEECH_BPS = 64_000; // what speech and its repair may need
const PACE_MOST = 256 * 1024; // bytes a second

/** Resolves when the photo is safe here; `done` is called when the server has it. */
export async function sendPhoto(consultation: string, photo: Blob, name: string, done: () => void): Promise<void> {
    const file = await keepFile(keep.value!, photo, `${name}.jpg`, 'photo');
    const [item] = await post([{ group: consultation, what: 'photo', detail: file.name, task: { kind: 'upload', file, consultation } }]);
    (await outbox()).result(item!.id).then(done, () => undefined); // a refusal is shown with the item, where it can be acted on
}

/** Uploads of this case that are under way. */
export function sendings(consultation: string): Item[] {
    return outboxItems.value.filter((item) => item.task.kind === 'upload' && item.task.consultation === consultation);
}

/** Uploads get a quarter of what speech leaves of the link out; `bitsPerSecond` null: not known. */
export function setPace(bitsPerSecond: number | null): void {
    const pace = bitsPerSecond === null ? CAREFUL_PACE : Math.max(0, bitsPerSecond - SPEECH_BPS) / 8 / 4;
    const next = Math.round(Math.min(PACE_MOST, Math.max(CAREFUL_PACE / 4, pace)));
    if (callPace.value === null || Math.abs(next - callPace.value) > callPace.value / 4) callPace.value = next;
}
