// SPDX-License-Identifier: Apache-2.0
// The lock opens without the server to its owner's password and to nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { isPassword, rememberPassword } = await load('app/verifier.ts');

function keepInMemory() {
    const records = new Map();
    return { records, put: async (name, value) => void records.set(name, structuredClone(value)), get: async (name) => records.get(name) };
}

test('the password opens, another does not, and nothing opens before one is known', async () => {
    const keep = keepInMemory();
    assert.equal(await isPassword(keep, ''), false);
    await rememberPassword(keep, '山桥 correct');
    assert.equal(await isPassword(keep, '山桥 correct'), true);
    for (const wrong of ['', '山桥 correct ', '山桥 Correct']) assert.equal(await isPassword(keep, wrong), false, wrong);
    assert.doesNotMatch(JSON.stringify([...keep.records]), /correct/);
});

test('a newer password takes the place of the older one', async () => {
    const keep = keepInMemory();
    await rememberPassword(keep, 'older one');
    await rememberPassword(keep, 'newer one');
    assert.equal(await isPassword(keep, 'older one'), false);
    assert.equal(await isPassword(keep, 'newer one'), true);
});
