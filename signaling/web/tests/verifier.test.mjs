// SPDX-License-Identifier: Apache-2.0
// The lock opens without the server to its owner's password and to nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { isPassword, rememberPassword, tryPassword } = await load('app/verifier.ts');

function keepInMemory() {
    const records = new Map();
    return { records, put: async (name, value) => void records.set(name, structuredClone(value)), get: async (name) => records.get(name), delete: async (name) => void records.delete(name) };
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

test('wrong passwords cost time: 1, 2, 4 ... 60 s, also after a reload, and the right one ends it', async () => {
    const keep = keepInMemory(), waits = [];
    let nowMs = 1e12;
    const attempt = (password) => tryPassword(keep, password, () => nowMs);
    await rememberPassword(keep, 'correct');
    for (let i = 0; i < 8; i++) {
        const { right, waitMs } = await attempt('guess');
        assert.equal(right, false);
        waits.push(waitMs / 1000);
        nowMs += waitMs - 1;
        assert.deepEqual(await attempt('correct'), { right: false, tried: false, waitMs: 1 }, 'too soon: not even looked at');
        nowMs += 1;
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    nowMs -= 3_600_000;
    assert.equal((await attempt('correct')).waitMs, 60_000, 'a clock set back makes it no longer than the longest');
    nowMs += 3_600_000;
    assert.equal((await attempt('correct')).right, true);
    assert.equal((await attempt('guess')).waitMs, 1000, 'it begins anew');
});
