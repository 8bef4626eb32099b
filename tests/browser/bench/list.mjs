// SPDX-License-Identifier: Apache-2.0
// A coordinator's list of 5,000 cases, all of them asked for through the wire as village doctors would (sealed columns are
// bound to their row, so that no row can be copied), scrolled through from end to end.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support.mjs';
import { go } from '../pages/steps.mjs';
import { REQUEST, Wire, signIn, startChromium, startWorld } from '../pages/world.mjs';

const CASES = 5000, DOCTORS = 40;
const PACE_MS = 55; // between requests of one doctor: the server takes 20 a second

function manyDoctors(folder) {
    const directory = JSON.parse(readFileSync(path.join(ROOT, 'tests/browser/pages/directory.json'), 'utf8'));
    const template = directory.accounts.find((a) => a.id === 'acc_village');
    for (let i = 0; i < DOCTORS; i++) directory.accounts.push({ ...template, id: `acc_many${i}`, name: `村医（演示 ${i + 1}）` });
    writeFileSync(`${folder}/many.json`, JSON.stringify(directory));
    return `${folder}/many.json`;
}

async function submit(wire, doctor, say) {
    for (let i = 0; i < CASES / DOCTORS; i++) {
        const n = doctor * (CASES / DOCTORS) + i, paced = new Promise((resolve) => setTimeout(resolve, PACE_MS));
        await wire.call('consultation.submit', { ...REQUEST, patient: { ...REQUEST.patient, name: `演示患者${n}` }, kind: 'reading', panelId: 'pan_radiology' });
        if (n % 500 === 0) say(`case ${n} of ${CASES}`);
        await paced;
    }
    wire.close();
}

/** Runs in the page: to the end, as long as there is more. */
async function toTheEnd(wanted) {
    const list = document.querySelector('.virtual'), inner = list.firstElementChild;
    const height = document.querySelector('.virtual .row').getBoundingClientRect().height;
    for (const end = Date.now() + 240_000; inner.offsetHeight < (wanted - 1) * height && Date.now() < end;) {
        list.scrollTop = list.scrollHeight;
        await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return Math.round(inner.offsetHeight / height);
}

/** Runs in the page: frames while the list goes by, a screen in ten frames. */
async function scrolled(seconds) {
    const list = document.querySelector('.virtual'), tasks = [], frames = [];
    list.scrollTop = 0;
    await new Promise((resolve) => setTimeout(resolve, 500));
    new PerformanceObserver((all) => tasks.push(...all.getEntries().map((task) => task.duration))).observe({ entryTypes: ['longtask'] });
    const step = (list.scrollHeight - list.clientHeight) / (seconds * 60);
    let last = performance.now();
    for (const end = last + seconds * 1000; last < end;) {
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
        list.scrollTop += step;
    }
    frames.sort((a, b) => a - b);
    const at = (part) => Math.round(frames[Math.floor(part * (frames.length - 1))]);
    return { frames: frames.length, median_frame_ms: at(0.5), p99_frame_ms: at(0.99), longest_frame_ms: at(1), frames_over_50_ms: frames.filter((f) => f > 50).length, longest_task_ms: Math.round(Math.max(0, ...tasks)), goal_frames_over_50_ms: 0 };
}

export async function list(folder, say) {
    const world = await startWorld(`${folder}/list`, { directory: manyDoctors(folder) });
    try {
        const wires = [];
        for (let doctor = 0; doctor < DOCTORS; doctor++) wires.push(await Wire.of(world, `many${doctor}`)); // a sign-in is costly: one at a time
        await Promise.all(wires.map((wire, doctor) => submit(wire, doctor, say)));
        const context = await startChromium(`${folder}/list/browser`);
        try {
            const page = await signIn(context, world, 'coordinator');
            await go(page, 'cases');
            await page.locator('.virtual .row').first().waitFor();
            say('the list is loaded to its end');
            const began = performance.now(), rows = await page.evaluate(toTheEnd, CASES);
            const loaded = Math.round(performance.now() - began);
            say('scrolling');
            return { cases: CASES, rows, made: 'consultation.submit over the wire, 40 doctors at once', loaded_to_the_end_ms: loaded, ...(await page.evaluate(scrolled, 8)) };
        } finally {
            await context.close();
        }
    } finally {
        await world.stop();
    }
}
