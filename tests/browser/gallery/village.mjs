// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the village doctor's pages.
import { delivered, heart, onDuty } from './cases.mjs';
import { show } from './gallery.mjs';

async function signInPage(page, people) {
    await page.goto(people.world.https);
    await page.locator('button[type=submit]').waitFor();
}

export const stops = [
    { name: 'sign-in', who: null, open: (page, state, people) => signInPage(page, people) },
    { name: 'village-home', who: 'village_2', open: (page, state, people) => show(page, people, 'home', '.village-big') },
    { name: 'village-home-due', who: 'village',
        async prepare(people, state) {
            await onDuty(people);
            state.delivered = await delivered(people, 'village', 'specialist', heart());
        },
        open: (page, state, people) => show(page, people, 'home', '.village-todo') },
];
