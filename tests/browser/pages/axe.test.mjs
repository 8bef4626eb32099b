// SPDX-License-Identifier: Apache-2.0
// Every page of the gallery can be reached, axe finds nothing serious there, nothing throws, and nothing scrolls
// sideways. One language and one screen; scripts/screenshots goes through all, further states of the pages included
// (here with DETAILS=1; ONLY=name,name: those stops).
import test from 'node:test';
import assert from 'node:assert/strict';
import { begin, roomsOf, tour } from '../gallery/gallery.mjs';
import { axe, overlaps, settled, sideways } from '../gallery/look.mjs';
import { remove, temporaryFolder } from '../support.mjs';

test('all pages are reached, and axe finds nothing serious', { timeout: 170_000 }, async (t) => {
    const folder = temporaryFolder();
    const { people, end } = await begin(folder);
    t.after(async () => { await end(); remove(folder); });
    const bad = [];
    const light = {};
    let stops = 0;
    const began = Date.now();
    await tour(people, roomsOf(process.env.ONLY?.split(',')), async (stop, page, faults) => {
        stops++;
        await settled(page);
        const found = await axe(page);
        bad.push(...found.grave.map((f) => `${stop.name}: ${f.impact} ${f.id} (${f.nodes}): ${f.first} ${f.why}`));
        for (const f of found.light) light[f.id] = (light[f.id] ?? 0) + f.nodes;
        const over = await sideways(page);
        if (over) bad.push(`${stop.name} scrolls sideways by ${over.over} px: ${over.wide}`);
        bad.push(...(await overlaps(page)).map((texts) => `${stop.name}: one text over another: ${texts}`));
        bad.push(...faults.map((fault) => `${stop.name}: ${fault}`));
    }, (stop, error) => bad.push(`${stop.name} was not reached: ${error.stack}`), { details: Boolean(process.env.DETAILS ?? process.env.ONLY) });
    t.diagnostic(JSON.stringify({ stops, seconds: (Date.now() - began) / 1000, lightFindings: light }));
    assert.deepEqual(bad, []);
});
