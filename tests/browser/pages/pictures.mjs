// SPDX-License-Identifier: Apache-2.0
// When the large picture of a call moved and when it stood still, by the clock of this machine; whether sound comes.
import assert from 'node:assert/strict';
import { until } from '../support.mjs';
import { stats } from './world.mjs';

const STILL_MS = 400; // a camera at 25 frames a second that is quiet for longer stands still

/** Each page of this browser notes the time of every frame of the large picture, from now on. */
export async function notePictures(context) {
    await context.addInitScript(() => {
        window.pictures = []; // [ms since 1970, id of the track]
        let video = null, frames = 0;
        setInterval(() => {
            const now = document.querySelector('.call-main > .call-video');
            if (now !== video) [video, frames] = [now, 0];
            const shown = video?.videoWidth ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
            if (shown > frames) window.pictures.push([Date.now(), video.srcObject.getTracks()[0]?.id]);
            frames = shown;
        }, 10);
    });
}

const noted = (page) => page.evaluate(() => window.pictures).catch(() => []); // none while it is reloaded

const times = async (page) => (await noted(page)).map(([ms]) => ms);

/** Milliseconds from `from` until a picture came; it has to. */
export async function firstPicture(page, from, seconds = 30) {
    const at = await until(async () => (await times(page)).find((ms) => ms >= from), 'a picture', seconds);
    return at - from;
}

/** Where in `pictures` what moves now began: after the last time that it stood still or was another stream. */
function beginning(pictures) {
    let i = pictures.length - 1;
    while (i > 0 && pictures[i][0] - pictures[i - 1][0] <= STILL_MS && pictures[i][1] === pictures[i - 1][1]) i--;
    return pictures[i][0];
}

/** Milliseconds from `from` until the picture moved and went on so for a second; it has to. */
export async function movesAgain(page, from, seconds = 40) {
    const back = await until(async () => {
        const pictures = (await noted(page)).filter(([ms]) => ms > from), now = Date.now();
        if (pictures.length === 0 || now - pictures.at(-1)[0] > STILL_MS) return 0;
        const began = beginning(pictures);
        return now - began > 1000 && began;
    }, 'a picture that goes on moving', seconds);
    return back - from;
}

/** The longest that the picture stood still between two moments. */
export async function longestStill(page, from, to) {
    const all = [from, ...(await times(page)).filter((ms) => ms > from && ms < to), to];
    return Math.max(...all.slice(1).map((ms, i) => ms - all[i]));
}

/** Sum of what was heard, of all that is received now. */
async function energy(page) {
    const rows = await stats(page);
    return rows.filter((r) => r.type === 'inbound-rtp' && r.kind === 'audio').reduce((sum, r) => sum + (r.totalAudioEnergy ?? 0), 0);
}

/** Waits until sound comes in that was not there before. */
export async function hears(page, seconds = 30) {
    let before = await energy(page);
    await until(async () => {
        const now = await energy(page);
        if (now < before) before = now; // another stream
        return now > before + 1e-6;
    }, 'sound', seconds);
}

/** The local and remote candidates over which media go: one pair for each connection that carries something. */
export async function ways(page) {
    const rows = await stats(page);
    const byId = new Map(rows.map((r) => [r.id, r]));
    const selected = rows.filter((r) => r.type === 'transport' && r.selectedCandidatePairId && r.dtlsState === 'connected')
        .map((r) => byId.get(r.selectedCandidatePairId)).filter(Boolean);
    assert.ok(selected.length > 0, 'media go some way');
    return selected.map((pair) => ({ local: byId.get(pair.localCandidateId), remote: byId.get(pair.remoteCandidateId) }));
}
