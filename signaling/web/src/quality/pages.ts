// SPDX-License-Identifier: Apache-2.0
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';
import { menu } from './menu';

export const qualityPages: Page[] = [
    { path: 'statistics', roles: ['coordinator', 'quality'], menu: () => menu('statistics'), component: lazy(() => import('./statistics').then((m) => m.Statistics)) },
    { path: 'audit', roles: ['quality'], menu: () => menu('audit'), component: lazy(() => import('./audit').then((m) => m.Audit)) },
];
