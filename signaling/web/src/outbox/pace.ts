// SPDX-License-Identifier: Apache-2.0
// How fast uploads may go while people speak: bytes a second, null where nobody does. The call sets it; speech first.
import { signal } from '@preact/signals';

export const callPace = signal<number | null>(null);
/** Where the call knows nothing better: a tenth of a weak link. */
export const CAREFUL_PACE = 8 * 1024;
