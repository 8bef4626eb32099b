// SPDX-License-Identifier: Apache-2.0
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';
import { menu } from './menu';

const roles = ['coordinator'];

export const coordinatorPages: Page[] = [
    { path: 'incoming', roles, menu: () => menu('incoming'), component: lazy(() => import('./incoming').then((m) => m.Incoming)) },
    { path: 'cases', roles, menu: () => menu('cases'), component: lazy(() => import('./cases').then((m) => m.Cases)) },
    { path: 'panels', roles, menu: () => menu('panels'), component: lazy(() => import('./panels').then((m) => m.Panels)) },
    { path: 'intake', roles, component: lazy(() => import('./intake').then((m) => m.Intake)) },
];
