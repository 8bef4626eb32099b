// SPDX-License-Identifier: Apache-2.0
// Pages of the village doctor. Home is of the first load; the rest comes when it is opened.
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';
import { words } from './text';

const roles = ['village_doctor'];

export const villagePages: Page[] = [
    { path: 'home', roles, menu: () => words('home'), component: lazy(() => import('./home').then((m) => m.HomePage)) },
    { path: 'cases', roles, menu: () => words('cases'), component: lazy(() => import('./cases').then((m) => m.CasesPage)) },
    { path: 'new', roles, component: lazy(() => import('./form').then((m) => m.FormPage)) },
    { path: 'sent', roles, component: lazy(() => import('./sent').then((m) => m.SentPage)) },
    { path: 'case', roles, component: lazy(() => import('./casepage').then((m) => m.CasePage)) },
    { path: 'consent', roles, component: lazy(() => import('./consent').then((m) => m.ConsentPage)) },
    { path: 'opinion', roles, component: lazy(() => import('./opinionpage').then((m) => m.OpinionPage)) },
    { path: 'followup', roles, component: lazy(() => import('./followup').then((m) => m.FollowUpPage)) },
];
