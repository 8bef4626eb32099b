// SPDX-License-Identifier: Apache-2.0
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';
import { outboxItems } from './start';
import { words } from './text';

export const outboxPages: Page[] = [
    { path: 'outbox', roles: ['village_doctor'], menu: () => (outboxItems.value.length ? words('menuCount', { n: outboxItems.value.length }) : words('menu')), component: lazy(() => import('./view').then((m) => m.OutboxPage)) },
    { path: 'outbox', roles: [], component: lazy(() => import('./view').then((m) => m.OutboxPage)) }, // others are asked there before they sign out
];
