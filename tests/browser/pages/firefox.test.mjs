// SPDX-License-Identifier: Apache-2.0
// Firefox ESR as the specialist's browser, a native terminal as village: signs in, consults, signs, signs out.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { consultWithTerminal } from './terminal.mjs';
import { startFirefox } from './world.mjs';

/** Firefox looks for no way over loopback: this machine's own address. */
function ownAddress() {
    const [first] = Object.values(networkInterfaces()).flat().filter((a) => a.family === 'IPv4' && !a.internal);
    assert.ok(first, 'Firefox needs a network interface beside loopback');
    return first.address;
}

test('a native terminal and a page in Firefox decode each other to a verified opinion', { timeout: 150_000 }, async (t) => {
    await consultWithTerminal(t, { open: () => startFirefox(), close: (context) => context.browser().close(), address: ownAddress() });
});
