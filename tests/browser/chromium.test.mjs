// SPDX-License-Identifier: Apache-2.0
// Headless Chromium with mediasoup-client and a native village terminal in the same room: both decode each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { COUNTY, OPINION, build, ffmpeg, inbound, remove, startInstallation, startVillage, temporaryFolder,
    until } from './support.mjs';

const FRAMES_WANTED = 60;

async function launch(folder) {
    ffmpeg('-stream_loop', '3', '-i', COUNTY.video, '-an', '-pix_fmt', 'yuv420p', '-t', '9', `${folder}/camera.y4m`);
    ffmpeg('-i', COUNTY.speech, '-ac', '1', '-ar', '48000', `${folder}/microphone.wav`);
    return chromium.launchPersistentContext(`${folder}/profile`, {
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        ignoreHTTPSErrors: true,
        permissions: ['camera', 'microphone'],
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
            '--disable-sync', '--disable-quic', '--no-first-run', '--use-fake-ui-for-media-stream',
            '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${folder}/camera.y4m`,
            `--use-file-for-fake-audio-capture=${folder}/microphone.wav`,
            '--autoplay-policy=no-user-gesture-required'],
    });
}

async function explain(page) {
    return page.evaluate(() => JSON.stringify({ failure: window.specialist?.failure, log: window.specialist?.log,
        state: window.specialist?.consultation?.state }));
}

test('Chromium and a native terminal decode each other to a signed opinion', { timeout: 120_000 }, async (t) => {
    const folder = temporaryFolder();
    t.after(() => remove(folder));
    await build(folder);
    const installation = await startInstallation(folder, folder);
    t.after(() => installation.stop());
    const context = await launch(folder);
    t.after(() => context.close());
    const page = await context.newPage();
    page.on('console', (message) => t.diagnostic(`page: ${message.text()}`));
    page.on('pageerror', (error) => t.diagnostic(`page error: ${error.message}`));
    await page.goto(`${installation.https}index.html`);
    await page.evaluate(([account, password]) => window.startSpecialist(account, password),
        ['acc_specialist', installation.passwords.specialist]);
    const village = startVillage(installation, folder);
    t.after(() => village.stop());

    const stats = async () => page.evaluate(() => window.specialist.stats());
    try {
        await until(async () => inbound(await stats(), 'video').frames >= FRAMES_WANTED, 'pictures in Chromium');
        await until(async () => inbound(await stats(), 'audio').energy > 0.001, 'speech in Chromium');
    } catch (error) {
        throw new Error(`${error.message}; ${await explain(page)}`);
    }
    const received = await stats();
    t.diagnostic(`Chromium received ${JSON.stringify({ video: inbound(received, 'video'), audio: inbound(received, 'audio') })}`);
    await page.evaluate((opinion) => window.specialist.end(opinion), OPINION);
    assert.equal(await page.evaluate(() => window.specialist.failure), null);

    const report = await village.ended();
    t.diagnostic(`village received ${JSON.stringify({ video: report.video, audio: report.audio, srtp: report.srtp_profile })}`);
    assert.equal(report.consultation.opinion_verified, true);
    assert.ok(report.video.frames_decoded >= FRAMES_WANTED / 2, 'the village decoded Chromium');
    assert.ok(report.audio.played_ms > 1000, 'the village heard Chromium');
    assert.match(report.srtp_profile, /GCM/);
});
