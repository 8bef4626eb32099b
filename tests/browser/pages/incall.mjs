// SPDX-License-Identifier: Apache-2.0
// Two people in a call in the pages, each in a browser and a place of its own (places.mjs).
import { COUNTY, VILLAGE } from '../support.mjs';
import { notePictures } from './pictures.mjs';
import { go, inCall, ring, signOut } from './steps.mjs';
import { REQUEST, Wire, signIn, startChromium } from './world.mjs';

/** { village, county }: browsers in the places of that name. undo: takes what closes them. */
export async function openBrowsers(folder, places, undo) {
    const open = async (name, who) => {
        const browser = await startChromium(`${folder}/${name}`, { who, netns: places.of(name) });
        undo.push(() => browser.close());
        await notePictures(browser);
        return browser;
    };
    const [village, county] = await Promise.all([open('village', VILLAGE), open('county', COUNTY)]);
    return { village, county };
}

/** In fresh pages: a village that waits in the room, and a specialist who sees what rings. */
export async function ringing({ village: ours, county: theirs }, world) {
    const former = [ours, theirs].flatMap((browser) => browser.pages().filter((page) => page.url() !== 'about:blank'));
    await Promise.all(former.map(signOut));
    await onDuty(world);
    const specialist = await signIn(theirs, world, 'specialist');
    const id = await submit(world);
    const village = await signIn(ours, world, 'village');
    await go(village, 'call', id);
    await inCall(village);
    await ring(specialist);
    for (const page of former) await page.close();
    return { village, specialist, id };
}

/** The cardiologist rings from now on; before they sign in on a page, which takes over. */
async function onDuty(world) {
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
