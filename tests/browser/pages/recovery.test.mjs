// SPDX-License-Identifier: Apache-2.0
// A call that is cut in the middle comes back by itself: nobody touches the pages while it happens.
import assert from 'node:assert/strict';
import test from 'node:test';
import { remove, temporaryFolder } from '../support.mjs';
import { openBrowsers, ringing } from './incall.mjs';
import { hears, longestStill, movesAgain } from './pictures.mjs';
import { NO_PLACES, Places } from './places.mjs';
import { accept } from './steps.mjs';
import { startWorld } from './world.mjs';

const GOAL_MS = 3000;
const SLACK = 3; // this machine does other things too
const AWAY_MS = 5000;
const STOOD_MS = 2500; // at least, of those 5 s: what was under way still arrives
const DOWN_MS = 1500; // of a server, as in life
const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Both see and hear each other again: milliseconds from `from` for each. */
async function back({ village, specialist }, from) {
    const [v, s] = await Promise.all([movesAgain(village, from), movesAgain(specialist, from)]);
    await Promise.all([hears(village), hears(specialist)]);
    return { village: v, specialist: s };
}

/** Makes it happen; gives the moment from which the way back is measured. */
const CUTS = {
    'the village page is reloaded': ({ call }) => reload(call.village),
    'the specialist page is reloaded': ({ call }) => reload(call.specialist),
    'the plug is drawn for 5 s': ({ call, places }) => without(call, () => places.unplug('village'), () => places.plug('village')),
    'nothing gets through for 5 s, and nobody is told': ({ call, places }) => without(call, () => places.cut('village'), () => places.open('village')),
    'the relay crashes and is started': async ({ world }) => {
        await world.order('kill relay');
        await world.order('start relay');
        return Date.now();
    },
    'the address of the village changes': ({ places }) => {
        places.readdress('village');
        return Date.now();
    },
};

async function reload(page) {
    await page.reload({ waitUntil: 'commit' });
    return Math.round(await page.evaluate(() => performance.timeOrigin));
}

async function without({ village, specialist }, cut, mend) {
    const from = Date.now();
    cut();
    await pass(AWAY_MS);
    for (const page of [village, specialist]) assert.ok(await longestStill(page, from, Date.now()) > STOOD_MS, 'it was away');
    const to = Date.now();
    mend();
    return to;
}

/** Signalling is away and back: media go on all the while, and both pages find it again. */
async function restart({ village, specialist }, world, order) {
    const pages = [village, specialist], from = Date.now();
    await world.order(order);
    await pass(DOWN_MS);
    await world.order('start signaling');
    const answers = Date.now(); // to /healthz
    const ms = await Promise.all(pages.map(async (page) => {
        await page.getByText('网络已断开').first().waitFor({ state: 'detached' });
        return Date.now() - answers;
    }));
    const line = `第 ${from} 行`;
    await specialist.locator('.call-chat textarea').fill(line);
    await specialist.keyboard.press('Enter');
    await village.locator('.call-log').getByText(line).waitFor();
    const still = await Promise.all(pages.map((page) => longestStill(page, from, Date.now())));
    return { ms, still, awayMs: answers - from };
}

const RESTARTS = { 'signalling is restarted': 'stop signaling', 'signalling crashes and is started': 'kill signaling' };

test('calls that are cut', { skip: NO_PLACES }, async (t) => {
    const folder = temporaryFolder(), places = new Places(), undo = [() => remove(folder), () => places.remove()];
    try {
        for (const name of ['village', 'county']) places.connect(name);
        const [world, browsers] = await Promise.all([startWorld(folder, { netns: places.servers, address: places.address }), openBrowsers(folder, places, undo)]);
        undo.push(() => world.stop());
        const call = await ringing(browsers, world);
        const accepted = Date.now();
        await accept(call.specialist);
        await back(call, accepted);
        for (const [name, act] of Object.entries(CUTS)) {
            await t.test(name, async (t) => {
                const ms = await back(call, await act({ call, places, world }));
                t.diagnostic(JSON.stringify({ event: name, goalMs: GOAL_MS, ms }));
                for (const value of Object.values(ms)) assert.ok(value < GOAL_MS * SLACK, `back after ${value} ms`);
            });
        }
        for (const page of [call.village, call.specialist]) await page.getByRole('button', { name: '聊天' }).click();
        for (const [name, order] of Object.entries(RESTARTS)) {
            await t.test(name, async (t) => {
                const { ms, still, awayMs } = await restart(call, world, order);
                t.diagnostic(JSON.stringify({ event: name, goalMs: GOAL_MS, ms, awayMs, longestStillMs: still }));
                for (const value of ms) assert.ok(value < GOAL_MS * SLACK, `back after ${value} ms`);
                for (const value of still) assert.ok(value < awayMs / 2, `media stood still for ${value} ms`);
            });
        }
    } finally {
        for (const act of undo.reverse()) await act();
    }
});
