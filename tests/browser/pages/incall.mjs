// SPDX-License-Identifier: Apache-2.0
// Two people in a call in the pages, each in a browser and a place of its own (places.mjs).
import { COUNTY, VILLAGE } from '../support.mjs';
import { notePictures } from './pictures.mjs';
import { go, inCall, ring } from './steps.mjs';
import { REQUEST, Wire, signIn, startChromium } from './world.mjs';

/** A village that waits in the room, and a specialist whose page shows what rings. undo: takes what closes the browsers. */
export async function ringing(folder, world, places, undo) {
    const open = async (netns, who) => {
        const browser = await startChromium(`${folder}/${netns}`, { who, netns });
        undo.push(() => browser.close());
        await notePictures(browser);
        return browser;
    };
    const [ours, theirs] = await Promise.all([open(places.of('village'), VILLAGE), open(places.of('county'), COUNTY)]);
    const specialist = await signIn(theirs, world, 'specialist');
    const id = await submit(world);
    const village = await signIn(ours, world, 'village');
    await go(village, 'call', id);
    await inCall(village);
    await ring(specialist);
    return { village, specialist, id };
}

/** The cardiologist rings from now on; before they sign in on a page, which takes over. */
export async function onDuty(world) {
    const wire = await Wire.of(world, 'specialist');
    await wire.call('duty.set', { panelId: 'pan_cardiology', onDuty: true });
    wire.close();
}

async function submit(world) {
    const wire = await Wire.of(world, 'village');
    const { consultation } = await wire.call('consultation.submit', { kind: 'live', panelId: 'pan_cardiology', ...REQUEST });
    wire.close(); // the page signs in without being asked
    return consultation.id;
}
