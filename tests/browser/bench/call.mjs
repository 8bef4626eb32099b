// SPDX-License-Identifier: Apache-2.0
// From the specialist's click on "accept" to the first picture of the village, everything on loopback.
import { COUNTY, VILLAGE } from '../support.mjs';
import { firstPicture, timeFirstPicture } from '../pages/looks.mjs';
import { CASE, accept, endCall, enterCall, go, goOnDuty, ring, startConsultation } from '../pages/steps.mjs';
import { signIn, startChromium, startWorld } from '../pages/world.mjs';

const RUNS = 5;

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

export async function call(folder, say) {
    const world = await startWorld(`${folder}/call`);
    const contexts = await Promise.all([startChromium(`${folder}/call/village`, { who: VILLAGE }), startChromium(`${folder}/call/specialist`, { who: COUNTY })]);
    const runs = [];
    try {
        const [village, specialist] = [await signIn(contexts[0], world, 'village'), await signIn(contexts[1], world, 'specialist')];
        await goOnDuty(specialist);
        for (let run = 1; run <= RUNS; run++) {
            say(`accept ${run} of ${RUNS}`);
            const [id] = await Promise.all([startConsultation(village, { ...CASE, files: [] }), ring(specialist)]);
            await enterCall(village);
            await timeFirstPicture(specialist);
            await accept(specialist);
            runs.push(await firstPicture(specialist));
            await endCall(specialist);
            await go(specialist, 'desk');
            await go(village, 'case', id);
            await go(village, 'home');
        }
        return { accept_to_first_picture_ms: median(runs), runs, goal_ms: 800 };
    } finally {
        await Promise.all(contexts.map((c) => c.close()));
        await world.stop();
    }
}
