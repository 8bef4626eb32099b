// SPDX-License-Identifier: Apache-2.0
// Pages of the village doctor; all of them come when they are opened, and soon after home for when the network is away.
import { effect } from '@preact/signals';
import { lazy } from '../app/lazy';
import type { Page } from '../app/router';
import { account } from '../app/session';
import { catalogue } from '../text/text';

const roles = ['village_doctor'];
const menu = catalogue({ home: '首页', cases: '我的病例' }, { home: 'Home', cases: 'My cases' });

export const villagePages: Page[] = [
    { path: 'home', roles, menu: () => menu('home'), component: lazy(() => import('./home').then((m) => m.HomePage)) },
    { path: 'cases', roles, menu: () => menu('cases'), component: lazy(() => import('./cases').then((m) => m.CasesPage)) },
    { path: 'new', roles, component: lazy(() => import('./form').then((m) => m.FormPage)) },
    { path: 'sent', roles, component: lazy(() => import('./sent').then((m) => m.SentPage)) },
    { path: 'case', roles, component: lazy(() => import('./casepage').then((m) => m.CasePage)) },
    { path: 'consent', roles, component: lazy(() => import('./consent').then((m) => m.ConsentPage)) },
    { path: 'opinion', roles, component: lazy(() => import('./opinionpage').then((m) => m.OpinionPage)) },
    { path: 'followup', roles, component: lazy(() => import('./followup').then((m) => m.FollowUpPage)) },
];

effect(() => {
    if (account.value?.roles.includes('village_doctor')) void import('./watch');
});
