// SPDX-License-Identifier: Apache-2.0
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';
import { catalogue } from '../text/text';

const menu = catalogue({ observing: '观摩' }, { observing: 'Observing' }); // the other words come with the pages

/** Everybody may come to a call that is theirs; the server says whose it is. */
export const callPages: Page[] = [
    { path: 'observing', roles: ['trainee'], menu: () => menu('observing'), component: lazy(() => import('./observing').then((m) => m.Observing)) },
    { path: 'call', roles: [], component: lazy(() => import('./call').then((m) => m.CallPage)) },
    { path: 'device-check', roles: [], component: lazy(() => import('./check').then((m) => m.DeviceCheck)) },
];
