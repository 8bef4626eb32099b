// SPDX-License-Identifier: Apache-2.0
// People of the installation of directory.json who work without pages, and cases that they bring to an end: what the
// pages of coordinator, quality office and operator are about.
import { OPINION } from '../support.mjs';
import { REQUEST } from './world.mjs';

const HOUR_MS = 3600_000;

/** From `hours` from now, for an hour, on a full minute. */
export function timeIn(hours) {
    const start = Math.floor(Date.now() / 60_000) * 60_000 + hours * HOUR_MS;
    return { start: new Date(start).toISOString(), end: new Date(start + HOUR_MS).toISOString() };
}

/** Both villages and the specialists of both panels, signed in; the specialists are on duty. */
export async function startPeople(world) {
    const names = ['village', 'village_2', 'specialist', 'second'];
    const wires = await Promise.all(names.map((name) => world.signedIn(name)));
    const people = Object.fromEntries(names.map((name, i) => [name, wires[i]]));
    await people.specialist.call('duty.set', { panelId: 'pan_cardiology', onDuty: true });
    await people.second.call('duty.set', { panelId: 'pan_surgery', onDuty: true });
    people.close = () => wires.forEach((wire) => wire.close());
    return people;
}

/** A request for a call; with candidateTimes it waits for a time. */
export async function submit(wire, more = {}) {
    const { consultation } = await wire.call('consultation.submit', { ...REQUEST, kind: 'live', specialty: 'cardiology', ...more });
    return consultation;
}

/** A request of the village whose agreement has a coordinator triage it and fix a time. */
export function submitForTriage(people, more = {}) {
    return submit(people.village_2, { candidateTimes: [timeIn(24), timeIn(48)], ...more });
}

/** Accepted, spoken about, signed, read; with an outcome where one is given. */
export async function carryThrough(people, outcome, more = {}) {
    const { village, specialist } = people;
    const { id } = await submit(village, more);
    await specialist.call('consultation.accept', { id });
    await Promise.all([village, specialist].map((wire) => wire.call('consultation.enter', { id })));
    await specialist.call('consultation.end', { id });
    await specialist.call('opinion.sign', { consultationId: id, opinion: OPINION });
    await village.call('consultation.acknowledge', { id });
    if (outcome) await village.call('consultation.outcome', { id, outcome: '已转诊，住院治疗后好转。', ...outcome });
    return id;
}
