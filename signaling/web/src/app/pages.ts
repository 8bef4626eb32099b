// SPDX-License-Identifier: Apache-2.0
// All pages, in the order of the menu. What only some people need comes in a part of its own, loaded when it is opened.
import type { Page } from './router';
import { villagePages } from '../village/pages';
import { outboxPages } from '../outbox/pages';
import { specialistPages } from '../specialist/pages';
import { coordinatorPages } from '../coordinator/pages';
import { qualityPages } from '../quality/pages';
import { operatorPages } from '../operator/pages';
import { callPages } from '../call/pages';

export const pages: Page[] = [...villagePages, ...outboxPages, ...specialistPages, ...coordinatorPages, ...qualityPages, ...operatorPages, ...callPages];
