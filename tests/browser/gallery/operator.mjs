// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the operator's pages, over a relay of the configuration, one that was added, and what a second
// signalling node would have told of calls that this machine does not hold.
import { execFileSync } from 'node:child_process';
import { startCall, startPeople, startRelay } from '../pages/office.mjs';
import { until } from '../support.mjs';
import { show } from './gallery.mjs';

const FAR = 3600; // seconds that what the other node told stays fresh
const VIEW = {
    links: [
        { relayId: 'county-1', institutionId: 'ins_county', people: 3, kbps: 2140, lossUpPercent: 0, lossDownPercent: 1, rttMs: 18, quality: 'good' },
        { relayId: 'county-1', institutionId: 'ins_township', people: 1, kbps: 610, lossUpPercent: 6, lossDownPercent: 3, rttMs: 140, quality: 'fair' },
        { relayId: 'city-2', institutionId: 'ins_village_2', people: 1, kbps: 96, lossUpPercent: 22, lossDownPercent: 9, rttMs: 640, quality: 'poor' },
        { relayId: 'city-2', institutionId: 'ins_city', people: 2, kbps: 1320, lossUpPercent: 0, lossDownPercent: 0, rttMs: 31, quality: 'good' }],
    unable: [{ institutionId: 'ins_village_2', reason: 'poor', people: 1, relayId: 'city-2', ago: 140 }, { institutionId: 'ins_city', reason: 'offline', people: 1, ago: 900 }],
};

/** A week of minutes as the relay's days go, with a night in which it was off; and the other node's view. */
const ROWS = `
import json, math, sqlite3, sys, time
db, view, far = sqlite3.connect(sys.argv[1], timeout=10), json.loads(sys.argv[2]), int(sys.argv[3])
now = int(time.time())
for one in view["unable"]:
    one["since"] = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now - one.pop("ago")))
db.execute("INSERT OR REPLACE INTO node (id, boot, beat) VALUES ('signaling-2', 'b', 1)")
db.execute("INSERT OR REPLACE INTO node_view (node, at_us, view) VALUES ('signaling-2', ?, ?)", ((now + far) * 1000000, json.dumps(view)))
for minute in range(now // 60 - 7 * 1440, now // 60):
    day = max(0, math.sin((minute % 1440 - 360) / 1440 * 2 * math.pi)) * (0.4 if minute // 1440 % 7 > 4 else 1)
    if 2000 < now // 60 - minute < 2200: continue
    wave = 1 + 0.25 * math.sin(minute / 7) + 0.15 * math.sin(minute / 3.1)
    people = int(day * 14 * wave)
    db.execute("INSERT OR REPLACE INTO relay_minute VALUES ('county-1', ?, 'signaling', ?, ?, ?, ?, ?, ?)", (minute, int((0.04 + 0.6 * day * wave) * 1000), people * 2, people, people * 520, int(day * 2 + max(0, math.sin(minute / 41)) * 3), int(22 + day * 30 * wave)))
db.commit()
`;

const relay = (page, id) => page.locator('.operator-relay').filter({ has: page.getByRole('heading', { name: id, exact: true }) });
const close = (page) => page.keyboard.press('Escape');

async function charts(page, state, people) {
    await show(page, people, 'network', '.operator-relay');
    await relay(page, 'county-1').getByRole('button', { name: '曲线' }).click();
    await page.locator('dialog[open] svg').first().waitFor();
}

/** Once for all stops. */
async function prepare(people, state) {
    if (state.relay) return;
    const { world } = people;
    for (const name of ['village', 'village_2', 'specialist', 'second']) people.leaveWire(name), await people.leavePage(name);
    state.others = await startPeople(world);
    people.atEnd(() => state.others.close());
    await startCall(state.others);
    state.relay = await startRelay(world, 'city-2', 'city');
    people.atEnd(() => state.relay.stop());
    const operator = await people.wire('operator');
    await operator.call('operator.addRelay', { id: 'city-2', level: 'city', commands: `tcp://${state.relay.commands}`, heartbeats: `tcp://${state.relay.heartbeats}` });
    await until(async () => (await operator.call('operator.overview')).relays.filter((r) => r.state === 'up').length === 2 || undefined, 'both relays');
    execFileSync('/usr/bin/python3', ['-c', ROWS, `${world.folder}/shanqiao.db`, JSON.stringify(VIEW), String(FAR)]);
}

const views = [
    { name: 'operator-network', async open(page, state, people) {
        await show(page, people, 'network', '.operator-relay');
        await page.locator('.operator-land .operator-wire.poor').first().waitFor();
    } },
    { name: 'operator-map', async open(page, state, people) {
        await show(page, people, 'network', '.operator-land');
        await page.locator('.operator-land .operator-wire.poor').first().waitFor();
        await page.evaluate(() => { // on each screen
            const look = () => setTimeout(() => document.querySelector('.operator-both')?.scrollIntoView(), 60);
            addEventListener('resize', look);
            look();
        });
    } },
    { name: 'operator-charts', open: charts, leave: close },
    { name: 'operator-charts-week', detail: true, async open(page, state, people) {
        await charts(page, state, people);
        await page.getByRole('radio', { name: '7 天' }).check();
    }, leave: close },
    { name: 'operator-drain', detail: true, async open(page, state, people) {
        await show(page, people, 'network', '.operator-relay');
        await relay(page, 'county-1').getByRole('button', { name: '停止接收新通话' }).click();
    }, leave: close },
    { name: 'operator-add-relay', detail: true, async open(page, state, people) {
        await show(page, people, 'network', '.operator-relay');
        await page.getByRole('button', { name: '添加中继' }).click();
        await page.getByLabel('编号').fill('county-3');
        await page.getByLabel('内网地址').fill('10.0.0.12');
    }, leave: close },
    { name: 'operator-relay-silent', detail: true, async open(page, state, people) {
        await people.world.order('pause relay');
        await state.relay.stop();
        await show(page, people, 'network', '.operator-relay');
        await page.getByText('没有可用的中继').waitFor();
    }, async leave(page, state, people) {
        await people.world.order('resume relay');
        state.others.close();
    } },
];

export const stops = views.map((stop) => ({ who: 'operator', prepare, ...stop }));
