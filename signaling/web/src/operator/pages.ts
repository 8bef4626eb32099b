// SPDX-License-Identifier: Apache-2.0
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';
import { menu } from './menu';

export const operatorPages: Page[] = [
    { path: 'network', roles: ['operator'], menu: () => menu('network'), component: lazy(() => import('./network').then((m) => m.Network)) },
    { path: 'accounts', roles: ['admin'], menu: () => menu('accounts'), component: lazy(() => import('./accounts').then((m) => m.Accounts)) },
];
