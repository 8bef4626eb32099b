// SPDX-License-Identifier: Apache-2.0
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';
import { menu } from './menu';

const roles = ['specialist'];

export const specialistPages: Page[] = [
    { path: 'desk', roles, menu: () => menu('desk'), component: lazy(() => import('./desk').then((m) => m.Desk)) },
    { path: 'readings', roles, menu: () => menu('readings'), component: lazy(() => import('./readings').then((m) => m.Readings)) },
    { path: 'consults', roles, menu: () => menu('consults'), component: lazy(() => import('./cases').then((m) => m.Cases)) },
    { path: 'slots', roles, menu: () => menu('slots'), component: lazy(() => import('./schedule').then((m) => m.Schedule)) },
    { path: 'outcomes', roles, menu: () => menu('outcomes'), component: lazy(() => import('./outcomes').then((m) => m.Outcomes)) },
    { path: 'consult', roles, component: lazy(() => import('./consult').then((m) => m.Consult)) },
    { path: 'write', roles, component: lazy(() => import('./write').then((m) => m.Write)) },
];
