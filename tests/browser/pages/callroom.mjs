// SPDX-License-Identifier: Apache-2.0
// Consultations made over the wire up to the call, and what tests of the call ask of its pages.
import { until } from '../support.mjs';
import { REQUEST, signIn, stats } from './world.mjs';

const LATER = { start: new Date(Date.now() + 60_000).toISOString(), end: new Date(Date.now() + 3_600_000).toISOString() };

/** Signs in over the wire, goes on duty. The page that signs in later takes the session over; duty outlives that. */
async function onDuty(world, name, panelId) {
    const wire = await world.signedIn(name);
    await wire.call('duty.set', { panelId, onDuty: true });
    return wire;
}

/** A consultation of village and specialist that was accepted; its id. */
export async function makeCall(world) {
    const specialist = await onDuty(world, 'specialist', 'pan_cardiology');
    const village = await world.signedIn('village');
    const { consultation } = await village.call('consultation.submit', { kind: 'live', panelId: 'pan_cardiology', ...REQUEST });
    await specialist.until('consultation.ring');
    await specialist.call('consultation.accept', { id: consultation.id });
    for (const wire of [village, specialist]) wire.close();
    return consultation.id;
}

/** An MDT of village, chair (the specialist: who answers for the first panel), second and a trainee who observes, in its slot; its id. */
export async function makeMdt(world) {
    const panels = { specialist: 'pan_cardiology', second: 'pan_surgery' };
    const experts = await Promise.all(Object.entries(panels).map(([name, panel]) => onDuty(world, name, panel)));
    const village = await world.signedIn('village');
    const { consultation } = await village.call('consultation.submit', { kind: 'mdt', panelId: panels.specialist, panelIds: [panels.second], ...REQUEST, results: '心电图ST段压低', diagnosis: '冠心病？',
        treatment: '阿司匹林', candidateTimes: [LATER], consent: { ...REQUEST.consent, teaching: true } });
    const { id } = consultation;
    for (const expert of experts) await expert.call('consultation.accept', { id });
    await experts[0].call('consultation.schedule', { id, ...LATER });
    await experts[0].call('consultation.addMember', { id, accountId: 'acc_trainee', role: 'observer' });
    for (const wire of [village, ...experts]) wire.close();
    return id;
}

/** Signs in and goes into the call; resolves when the room is up. */
export async function goIn(context, world, name, id) {
    const page = await signIn(context, world, name);
    await page.goto(`${world.https}#/call/${id}`);
    await page.locator('.call-controls').waitFor();
    return page;
}

/** A button of the row below the pictures, by its words. */
export const control = (page, text) => page.locator('.call-controls > button', { hasText: text });

/** Whose pictures move on the page: account ids that are shown with frames, the own picture not among them. */
export function seen(page) {
    return page.locator('.call-main[data-participant], .call-rest li[data-participant]').evaluateAll((tiles) => tiles
        .filter((t) => [...t.querySelectorAll('video')].some((v) => v.videoWidth > 0 && v.readyState >= 2)).map((t) => t.dataset.participant).sort());
}

export async function untilSeen(page, ids, what) {
    const want = ids.map((id) => `acc_${id}`).sort().join();
    await until(async () => (await seen(page)).join() === want, `${what} sees ${want}`);
}

/** Bytes that a page sends and receives as media, and how many streams. */
export async function flow(page) {
    const rows = await stats(page);
    const of = (type) => rows.filter((r) => r.type === type);
    const sum = (all, name) => all.reduce((total, r) => total + (r[name] ?? 0), 0);
    return { out: of('outbound-rtp').length, bytesOut: sum(of('outbound-rtp'), 'bytesSent'), in: of('inbound-rtp').length, frames: sum(of('inbound-rtp'), 'framesDecoded'), energy: sum(of('inbound-rtp'), 'totalAudioEnergy') };
}
