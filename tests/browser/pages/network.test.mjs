// SPDX-License-Identifier: Apache-2.0
// Calls through firewalls that drop what they don't like without a word: all UDP, or everything but TCP port 443.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { writeFileSync } from 'node:fs';
import test from 'node:test';
import { BUILD, remove, temporaryFolder, until } from '../support.mjs';
import { openBrowsers, ringing } from './incall.mjs';
import { firstPicture, hears, movesAgain, ways } from './pictures.mjs';
import { NO_PLACES, Places } from './places.mjs';
import { accept, endCall } from './steps.mjs';
import { startWorld } from './world.mjs';

const GOAL_MS = 6000;
const SLACK = 2; // this machine does other things too
const SECRET = 'a-secret-of-this-test-and-no-other';

const FIREWALLS = {
    'UDP blocked: media go over ICE-TCP': {
        passes: ({ address }) => [`to ${address} ipproto tcp`], // TURN, at the other one, is not there
        way: ({ local, remote }) => assert.deepEqual([local.candidateType === 'relay', local.protocol, remote.protocol], [false, 'tcp', 'tcp']),
    },
    'only TCP port 443: media go through TURN over TLS': {
        passes: () => ['ipproto tcp dport 443'],
        way: ({ local }) => assert.deepEqual([local.candidateType, local.relayProtocol], ['relay', 'tls']),
    },
};

/** Debian's coturn on port 443 of the second address, configured as docs/turn.md has it. */
async function startTurn(folder, places, undo) {
    execFileSync(`${BUILD}/bin/shanqiaoctl`, ['tls-init', `${folder}/turn-tls`, places.second], { stdio: 'pipe' });
    const conf = `${folder}/turnserver.conf`;
    writeFileSync(conf, `realm=turn.example.org
use-auth-secret
static-auth-secret=${SECRET}
listening-ip=${places.second}
relay-ip=${places.second}
tls-listening-port=443
cert=${folder}/turn-tls/server.crt
pkey=${folder}/turn-tls/server.key
no-cli
no-multicast-peers
denied-peer-ip=0.0.0.0-255.255.255.255
denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
allowed-peer-ip=${places.address}
userdb=${folder}/turndb
pidfile=${folder}/turn.pid
log-file=stdout
simple-log
`);
    const child = spawn('ip', ['netns', 'exec', places.servers, 'setpriv', '--pdeathsig', 'KILL', 'turnserver', '-c', conf], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    undo.push(async () => { child.kill('SIGTERM'); await ended; });
    await until(() => new Promise((resolve) => {
        const socket = connect(443, places.second, () => { socket.destroy(); resolve(true); });
        socket.on('error', () => resolve(false));
    }), 'coturn answers');
}

/** From the ring until both see and hear each other, and once more from nothing: a reload goes the same way. */
async function call(t, { village, specialist }, firewall) {
    const clicked = Date.now();
    await accept(specialist);
    const seen = await Promise.all([firstPicture(specialist, clicked), firstPicture(village, clicked)]);
    await Promise.all([hears(specialist), hears(village)]);
    const from = Date.now();
    await Promise.all([village, specialist].map((page) => movesAgain(page, from)));
    for (const page of [village, specialist]) for (const way of await ways(page)) firewall.way(way);
    await village.reload({ waitUntil: 'commit' });
    const anew = await firstPicture(village, await village.evaluate(() => performance.timeOrigin));
    await Promise.all([hears(specialist), hears(village)]);
    for (const way of await ways(village)) firewall.way(way);
    const ms = { specialist: seen[0], village: seen[1], afterReload: Math.round(anew) };
    t.diagnostic(JSON.stringify({ firewall: t.name, goalMs: GOAL_MS, ms }));
    await endCall(specialist);
    for (const value of Object.values(ms)) assert.ok(value < GOAL_MS * SLACK, `first picture after ${value} ms`);
    assert.deepEqual([village.faults, specialist.faults], [[], []]);
}

test('calls through firewalls', { skip: NO_PLACES }, async (t) => {
    const folder = temporaryFolder(), places = new Places(), undo = [() => remove(folder), () => places.remove()];
    try {
        for (const name of ['village', 'county']) places.connect(name);
        const secret = `${folder}/turn.secret`;
        writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
        const turn = [`turns:${places.second}:443?transport=tcp`, secret];
        const [world, browsers] = await Promise.all([
            startWorld(folder, { netns: places.servers, address: places.address, port: 443, turn }), openBrowsers(folder, places, undo), startTurn(folder, places, undo)]);
        undo.push(() => world.stop());
        for (const [name, firewall] of Object.entries(FIREWALLS)) {
            await t.test(name, async (t) => {
                for (const place of ['village', 'county']) {
                    places.open(place);
                    places.allow(place, ...firewall.passes(places));
                }
                await call(t, await ringing(browsers, world), firewall);
            });
        }
    } finally {
        for (const act of undo.reverse()) await act();
    }
});
