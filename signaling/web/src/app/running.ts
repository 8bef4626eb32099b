// SPDX-License-Identifier: Apache-2.0
// The consultation whose call runs in this page, whatever page is looked at meanwhile; null: none. Its id outlives a
// reload of this tab, so that the call comes back on any page.
import { effect, signal } from '@preact/signals';

const RUNNING = 'shanqiao.running';

export const running = signal<string | null>(sessionStorage.getItem(RUNNING));

effect(() => {
    if (running.value === null) sessionStorage.removeItem(RUNNING);
    else sessionStorage.setItem(RUNNING, running.value);
});
