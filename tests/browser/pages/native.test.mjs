// SPDX-License-Identifier: Apache-2.0
// Chromium as the specialist's browser, a native terminal as village.
import { test } from 'node:test';
import { COUNTY } from '../support.mjs';
import { consultWithTerminal } from './terminal.mjs';
import { startChromium } from './world.mjs';

test('a native terminal and a page in Chromium decode each other to a verified opinion', { timeout: 150_000 }, async (t) => {
    await consultWithTerminal(t, { open: (folder) => startChromium(`${folder}/specialist`, { who: COUNTY }), close: (context) => context.close() });
});
