// SPDX-License-Identifier: Apache-2.0
// What a camera on the screen would see of a call: does the other's picture move, is something heard, and how long after
// the click the first picture was there. In the page or from its statistics; works in all browsers.
import { inbound, until } from '../support.mjs';
import { stats } from './world.mjs';

const MAIN = '.call-main video';
const FRAMES_WANTED = 50;
const ENERGY_WANTED = 0.001;

/** Width, place in time and a few pixels of the other's picture. */
function look(page) {
    return page.evaluate((selector) => {
        const video = document.querySelector(selector);
        if (!video?.videoWidth) return null;
        const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(video, 0, 0, canvas.width, canvas.height);
        const pixels = [...context.getImageData(0, 0, canvas.width, canvas.height).data];
        return { width: video.videoWidth, height: video.videoHeight, at: video.currentTime, paused: video.paused, pixels, seen: video.getBoundingClientRect().width };
    }, MAIN);
}

const difference = (a, b) => a.pixels.reduce((sum, v, i) => sum + Math.abs(v - b.pixels[i]), 0) / a.pixels.length;
const spread = ({ pixels }) => { const luma = pixels.filter((_, i) => i % 4 === 1); return Math.max(...luma) - Math.min(...luma); };

/** Resolves when the page shows a picture that lives: not black, time goes on, pixels change. */
export async function sees(page, who) {
    const first = await until(async () => { const l = await look(page); return l && spread(l) > 40 ? l : null; }, `a picture at the ${who}`);
    const later = await until(async () => { const l = await look(page); return l && l.at > first.at + 0.5 && difference(first, l) > 0.5 ? l : null; }, `a moving picture at the ${who}`);
    return { width: later.width, height: later.height, seen: Math.round(later.seen), changed: Number(difference(first, later).toFixed(1)) };
}

/** Is sound let out, and not held back until the page is touched? */
const sounds = (page) => page.evaluate(() => { const all = [...document.querySelectorAll('audio')]; return all.length > 0 && all.every((a) => !a.paused && a.srcObject); });

/** Resolves when frames are decoded and speech is heard, and both go on growing. */
export async function receives(page, who) {
    const of = async () => { const rows = await stats(page); return { video: inbound(rows, 'video'), audio: inbound(rows, 'audio') }; };
    const first = await until(async () => { const now = await of(); return now.video.frames > 0 ? now : null; }, `a decoded frame at the ${who}`);
    const wanted = (now) => now.video.frames >= first.video.frames + FRAMES_WANTED && now.audio.energy >= first.audio.energy + ENERGY_WANTED;
    return until(async () => { const now = await of(); return wanted(now) && await sounds(page) ? now : null; }, `frames and speech at the ${who}`);
}

/** From the next click on, in the page: ms until a frame of the other was shown. Ask afterwards with firstPicture. */
export function timeFirstPicture(page) {
    return page.evaluate((selector) => {
        window.firstPicture = new Promise((resolve) => {
            document.addEventListener('click', () => {
                const clicked = performance.now();
                const shown = (video) => video.requestVideoFrameCallback(() => resolve(performance.now() - clicked));
                const search = () => { const video = document.querySelector(selector); if (video) shown(video); else requestAnimationFrame(search); };
                search();
            }, { capture: true, once: true });
        });
    }, MAIN);
}

export const firstPicture = (page) => page.evaluate(() => window.firstPicture).then(Math.round);
