// SPDX-License-Identifier: Apache-2.0
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';

/** Everybody may come to a call that is theirs; the server says whose it is. */
export const callPages: Page[] = [
    { path: 'call', roles: [], component: lazy(() => import('./call').then((m) => m.CallPage)) },
    { path: 'device-check', roles: [], component: lazy(() => import('./check').then((m) => m.DeviceCheck)) },
];
