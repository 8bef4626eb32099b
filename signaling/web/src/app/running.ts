// SPDX-License-Identifier: Apache-2.0
// The consultation whose call runs in this page, whatever page is looked at meanwhile; null: none.
import { signal } from '@preact/signals';

export const running = signal<string | null>(null);
