// SPDX-License-Identifier: Apache-2.0
// A native terminal of a village and a specialist's page in one call: each decodes the other, the opinion signed on the
// page is verified by the terminal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTY, remove, startVillage, temporaryFolder } from '../support.mjs';
import { receives, sees } from './looks.mjs';
import { accept, endCall, goOnDuty, ring, signOpinion, writeOpinion } from './steps.mjs';
import { signIn, startChromium, startWorld } from './world.mjs';

const FRAMES_WANTED = 15;
const HEARD_MS = 1000;

test('a native terminal and a page decode each other to a verified opinion', { timeout: 120_000 }, async (t) => {
    const folder = temporaryFolder(), world = await startWorld(folder);
    const context = await startChromium(`${folder}/specialist`, { who: COUNTY });
    let village;
    t.after(async () => {
        village?.stop();
        await context.close();
        await world.stop();
        remove(folder);
    });
    const specialist = await signIn(context, world, 'specialist');
    await goOnDuty(specialist);
    village = startVillage(world, folder);
    const id = await ring(specialist);
    await accept(specialist);
    const seen = await sees(specialist, 'specialist');
    const received = await receives(specialist, 'specialist');
    t.diagnostic(JSON.stringify({ page: { ...seen, ...received } }));
    await endCall(specialist);
    await writeOpinion(specialist, id);
    await signOpinion(specialist);

    const report = await village.ended();
    t.diagnostic(JSON.stringify({ terminal: { video: report.video, audio: report.audio, srtp: report.srtp_profile } }));
    assert.equal(report.consultation.opinion_verified, true);
    assert.ok(report.video.frames_decoded >= FRAMES_WANTED, 'the terminal decoded the page');
    assert.ok(report.audio.played_ms > HEARD_MS, 'the terminal heard the page');
    assert.match(report.srtp_profile, /GCM/);
    assert.deepEqual(specialist.faults, []);
});
