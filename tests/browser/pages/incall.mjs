// SPDX-License-Identifier: Apache-2.0
// Two people in a call in the pages, each in a browser and a place of its own (places.mjs).
import { COUNTY, VILLAGE } from '../support.mjs';
import { notePictures } from './pictures.mjs';
import { go, goOnDuty, inCall, ring } from './steps.mjs';
import { REQUEST, Wire, signIn, startChromium } from './world.mjs';

/** A village that waits in the room, and a specialist whose page shows what rings. */
export async function ringing(folder, world, places) {
    const [ours, theirs] = await Promise.all([
        startChromium(`${folder}/village`, { who: VILLAGE, netns: places.of('village') }),
        startChromium(`${folder}/county`, { who: COUNTY, netns: places.of('county') })]);
    await Promise.all([ours, theirs].map(notePictures));
    const specialist = await signIn(theirs, world, 'specialist');
    await goOnDuty(specialist);
    const id = await submit(world);
    const village = await signIn(ours, world, 'village');
    await go(village, 'call', id);
    await inCall(village);
    await ring(specialist);
    return { village, specialist, id, close: () => Promise.all([ours.close(), theirs.close()]) };
}

async function submit(world) {
    const wire = await Wire.of(world, 'village');
    const { consultation } = await wire.call('consultation.submit', { kind: 'live', panelId: 'pan_cardiology', ...REQUEST });
    wire.close(); // the page signs in without being asked
    return consultation.id;
}
