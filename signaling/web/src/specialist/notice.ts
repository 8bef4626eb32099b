// SPDX-License-Identifier: Apache-2.0
// What is seen of a ring outside of the page: a desktop notification and the title. Both may be read by whoever passes
// by, so they hold nothing of a patient, not even where the patient is.
import { signal } from '@preact/signals';

const ASKED = 'shanqiao.noticeAsked';
type Permission = NotificationPermission | 'unsupported';

export const permission = signal<Permission>('Notification' in window ? Notification.permission : 'unsupported');
const shown = new Map<string, Notification>();
const title = document.title;
let flashing: ReturnType<typeof setInterval> | null = null;

/** Asked once by itself, when duty begins; later only when the person presses the button. */
export async function askNotices(byHand: boolean): Promise<void> {
    if (permission.value !== 'default') return;
    if (!byHand && localStorage.getItem(ASKED)) return;
    localStorage.setItem(ASKED, 'yes');
    permission.value = await Notification.requestPermission();
}

export function showNotice(id: string, head: string, body: string, onClick: () => void): void {
    if (permission.value !== 'granted' || shown.has(id)) return;
    try {
        const notice = new Notification(head, { body, tag: id, requireInteraction: true, icon: '/favicon.svg' });
        notice.onclick = () => { window.focus(); onClick(); notice.close(); };
        shown.set(id, notice);
    } catch {
        permission.value = 'unsupported'; // some phones have the name and not the thing
    }
}

export function closeNotice(id: string): void {
    shown.get(id)?.close();
    shown.delete(id);
}

/** null: the title as it was. */
export function flashTitle(text: string | null): void {
    if (flashing !== null) clearInterval(flashing);
    flashing = null;
    document.title = title;
    if (text === null) return;
    let on = true;
    document.title = text;
    flashing = setInterval(() => (document.title = (on = !on) ? text : title), 1000);
}
