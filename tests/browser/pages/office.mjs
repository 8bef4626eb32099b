// SPDX-License-Identifier: Apache-2.0
// People of the installation of directory.json who work without pages, and cases that they bring to an end: what the
// pages of coordinator, quality office and operator are about.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { BUILD, OPINION } from '../support.mjs';
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

/** Both sides of a new call, each with a way for media that nobody uses: no network of a terminal is behind it. */
export async function startCall({ village, specialist }) {
    const { id } = await submit(village);
    await specialist.call('consultation.accept', { id });
    for (const wire of [village, specialist]) {
        await wire.call('consultation.enter', { id });
        await wire.call('media.createTransport', { room: id, direction: 'send' });
    }
    return id;
}

async function freePorts(count) {
    const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
        const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
    })));
    const ports = servers.map((server) => server.address().port);
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    return ports;
}

/** A further relay with the installation's keys, which no configuration names: its addresses, and stop(). */
export async function startRelay(world, id, level) {
    const [commands, heartbeats, metrics, media] = await freePorts(4);
    const file = `${world.folder}/${id}.yaml`;
    writeFileSync(file, `relay: {id: ${id}, level: ${level}, listen: 127.0.0.1, announce: [127.0.0.1], base_port: ${media}, workers: 1, metrics_listen: "127.0.0.1:${metrics}"}
cluster: {commands: "tcp://127.0.0.1:${commands}", heartbeats: "tcp://127.0.0.1:${heartbeats}", key_file: "${world.folder}/cluster.keys"}
`);
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', `${BUILD}/bin/shanqiao-relay`, '--config', file], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    return { commands: `127.0.0.1:${commands}`, heartbeats: `127.0.0.1:${heartbeats}`, stop: async () => { child.kill('SIGTERM'); await ended; } };
}
