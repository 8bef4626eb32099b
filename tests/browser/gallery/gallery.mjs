// SPDX-License-Identifier: Apache-2.0
// All pages in their important states, as stops: {name: 'village-home', who: 'village', prepare(people, state),
// open(page, state, people), leave(page, state, people), faults}. All stops' prepare of a room run before its first page
// opens (cases are made on the wire there); open shows the state on the page of `who` (null: nobody signed in) and
// returns when it can be seen (the page, if that is another one by then); leave, where there is one, undoes what the
// next stop should not meet; detail: a further state of a page, of which one picture is kept; faults: a pattern of errors that belong to the state. A stop that can't be reached is an
// error. `state` is one object per room.
import { mkdirSync } from 'node:fs';
import { SIZES, startWorld } from '../pages/world.mjs';
import { People } from './people.mjs';
import { turn } from './look.mjs';
import { stops as village } from './village.mjs';
import { stops as call } from './call.mjs';
import { stops as specialist } from './specialist.mjs';
import { stops as viewers } from './viewers.mjs';
import { stops as office } from './office.mjs';
import { stops as operator } from './operator.mjs';

export const ROOMS = { village, specialist, viewers, call, office, operator };
export const LANGUAGES = ['zh-CN', 'en'];
const FIRST = { language: 'zh-CN', size: 'clinic' }; // how each stop opens

/** Rooms with those of their stops whose name is or begins with one of `only`; all without it. */
export function roomsOf(only = []) {
    const wanted = (stop) => !only.length || only.some((o) => stop.name === o || stop.name.startsWith(`${o}-`));
    const rooms = Object.values(ROOMS).map((stops) => stops.filter(wanted)).filter((stops) => stops.length);
    const names = rooms.flat().map((s) => s.name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice) throw new Error(`two stops are called ${twice}`);
    return rooms;
}

/** A world and its people for one run. */
export async function begin(folder) {
    mkdirSync(folder, { recursive: true });
    const world = await startWorld(folder);
    const people = new People(world, folder);
    return { people, end: async () => { await people.end(); await world.stop(); } };
}

/**
 * Goes through `rooms`. visit(stop, page, faults) looks at it; failed(stop, error, page) is told instead where something
 * threw. details: further states of pages too.
 */
export async function tour(people, rooms, visit, failed, { details = true } = {}) {
    for (const stops of rooms) {
        const state = {};
        const ready = [];
        for (const stop of stops) {
            try {
                await stop.prepare?.(people, state);
                ready.push(stop);
            } catch (error) {
                await failed(stop, error);
            }
        }
        for (const stop of ready.filter((s) => details || !s.detail)) await at(people, stop, state, visit, failed);
    }
}

async function at(people, stop, state, visit, failed) {
    let page;
    try {
        page = stop.who ? await people.page(stop.who) : await people.stranger();
        page.faults = [];
        if (page.url().startsWith('http')) await turn(page, FIRST).catch(() => undefined); // the former stop may have left it anyhow
        await page.setViewportSize(SIZES.clinic);
        await page.mouse.move(0, 0); // nothing is hovered over
        page = await stop.open(page, state, people) ?? page;
        await visit(stop, page, page.faults.filter((fault) => !stop.faults?.test(fault)));
    } catch (error) {
        await failed(stop, error, page);
    }
    await Promise.resolve(stop.leave?.(page, state, people)).catch((error) => failed(stop, error, page));
    if (!stop.who) await page?.context().close();
}

/** Loads the pages anew at `address` ("case/con_x") and waits for `selector`. */
export async function show(page, people, address, selector) {
    await page.goto('about:blank'); // else only the part after # would change
    await page.goto(`${people.world.https}#/${address}`);
    if (selector) await page.locator(selector).first().waitFor();
}
