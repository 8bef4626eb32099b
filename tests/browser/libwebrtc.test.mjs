// SPDX-License-Identifier: Apache-2.0
// libwebrtc (from npm, in Node) and a native village terminal in the same room: both decode each other.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { COUNTY, OPINION, build, remove, startInstallation, startVillage, temporaryFolder, until } from './support.mjs';

const FRAMES_WANTED = 60;

function startSpecialist(installation, folder) {
    const settings = { folder, url: installation.url, ca: installation.ca, origin: new URL(installation.https).origin,
        password: installation.passwords.specialist, ...COUNTY };
    const child = spawn(process.execPath, ['libwebrtc-specialist.mjs', JSON.stringify(settings)],
        { stdio: ['pipe', 'pipe', 'inherit'] });
    const specialist = { last: { frames: 0, loud: 0, log: [] } };
    createInterface(child.stdout).on('line', (line) => { specialist.last = JSON.parse(line); });
    specialist.end = (opinion) => child.stdin.write(`end ${JSON.stringify(opinion)}\n`);
    specialist.stop = () => child.kill('SIGKILL');
    return specialist;
}

test('libwebrtc and a native terminal decode each other to a signed opinion', { timeout: 120_000 }, async (t) => {
    const folder = temporaryFolder();
    t.after(() => remove(folder));
    await build(folder);
    const installation = await startInstallation(folder);
    t.after(() => installation.stop());
    const specialist = startSpecialist(installation, folder);
    t.after(() => specialist.stop());
    const told = () => JSON.stringify(specialist.last);
    await until(() => specialist.last.log.includes('on duty'), 'the sign-in of libwebrtc');
    const village = startVillage(installation, folder);
    t.after(() => village.stop());

    try {
        await until(() => specialist.last.frames >= FRAMES_WANTED, 'pictures in libwebrtc');
        await until(() => specialist.last.loud >= 20, 'speech in libwebrtc');
    } catch (error) {
        throw new Error(`${error.message}; ${told()}`);
    }
    specialist.end(OPINION);
    const report = await village.ended();
    await until(() => specialist.last.ended, 'the signature');
    assert.equal(specialist.last.failure, null);
    t.diagnostic(`libwebrtc received ${told()}`);
    t.diagnostic(`village received ${JSON.stringify({ video: report.video, audio: report.audio, srtp: report.srtp_profile })}`);
    assert.equal(report.consultation.opinion_verified, true);
    assert.ok(report.video.frames_decoded >= FRAMES_WANTED / 2, 'the village decoded libwebrtc');
    assert.ok(report.audio.played_ms > 1000, 'the village heard libwebrtc');
});
