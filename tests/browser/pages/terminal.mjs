// SPDX-License-Identifier: Apache-2.0
// A consultation of a native terminal of a village with a specialist's page, whatever browser shows it: each decodes the
// other, the opinion signed on the page is verified by the terminal.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { remove, startVillage, temporaryFolder } from '../support.mjs';
import { receives, sees } from './looks.mjs';
import { accept, endCall, goOnDuty, ring, signOpinion, signOut, writeOpinion } from './steps.mjs';
import { signIn, startWorld } from './world.mjs';

const FRAMES_WANTED = 15; // the call may be short where the machine is busy
const LOUD_MS = 300; // of what was heard, at least

/** ms in which a 48 kHz recording is not silent. */
function loudMs(file) {
    const bytes = readFileSync(file).subarray(44); // after the header
    const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
    let blocks = 0;
    for (let at = 0; at < samples.length; at += 480) if (samples.subarray(at, at + 480).some((s) => Math.abs(s) > 1000)) blocks++;
    return blocks * 10;
}

/** open(folder): a browser's context. close(context): ends that browser. */
export async function consultWithTerminal(t, { open, close, address }) {
    const folder = temporaryFolder(), world = await startWorld(folder, { address });
    const context = await open(folder);
    let village;
    t.after(async () => {
        village?.stop();
        await close(context);
        await world.stop();
        remove(folder);
    });
    t.diagnostic(`browser ${context.browser()?.version()}`);
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
    await signOut(specialist);

    const report = await village.ended();
    const loud_ms = loudMs(`${folder}/village/audio.wav`);
    t.diagnostic(JSON.stringify({ terminal: { loud_ms, video: report.video, audio: report.audio, srtp: report.srtp_profile } }));
    assert.equal(report.consultation.opinion_verified, true);
    assert.ok(report.video.frames_decoded >= FRAMES_WANTED, 'the terminal decoded the page');
    assert.ok(loud_ms >= LOUD_MS, `the terminal heard the page for ${loud_ms} ms`);
    assert.match(report.srtp_profile, /GCM/);
    assert.deepEqual(specialist.faults, []);
}
