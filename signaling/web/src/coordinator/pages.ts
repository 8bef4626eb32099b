// SPDX-License-Identifier: Apache-2.0
import type { Page } from '../app/router';

export const coordinatorPages: Page[] = [];
