// SPDX-License-Identifier: Apache-2.0
// Statistics to series, axes, and the operator's overview put in order.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled } from './support.mjs';

const q = await bundled('quality/series.ts');
const o = await bundled('operator/overview.ts');
const roles = await bundled('operator/roles.ts');
const land = await bundled('operator/land.ts');

const group = (over) => ({ cases: 0, states: {}, waits: {}, refusals: 0, interruptions: 0, interruptedCases: 0, calls: { count: 0, soundOnly: 0 }, transfers: { known: 0, avoided: 0 }, concordance: { agrees: 0, agrees_in_part: 0, differs: 0, unknown: 0 }, ...over });

test('groups are summed and cut by one dimension', () => {
    const groups = [group({ kind: 'live', cases: 3, states: { archived: 2, expired: 1 }, calls: { count: 2, soundOnly: 1 } }), group({ kind: 'reading', cases: 5, states: { archived: 5 } }), group({ kind: 'live', cases: 4, refusals: 1 }), group({ cases: 1 })];
    const total = q.totalOf(groups);
    assert.deepEqual([total.cases, total.states.archived, total.calls, total.soundOnly, total.refusals], [13, 7, 2, 1, 1]);
    assert.deepEqual(q.byDimension(groups, 'kind').map((d) => [d.key, d.total.cases]), [['live', 7], ['reading', 5], ['', 1]]);
    assert.equal(q.share(1, 0), null);
    assert.equal(q.share(1, 3), 33.3);
});

test('waits are of one group only, the longest first', () => {
    const waits = { routed: { count: 4, mean_s: 30, p50_s: 20, p90_s: 60 }, submitted: { count: 2, mean_s: 600, p50_s: 500, p90_s: 900 }, ready: { count: 0, mean_s: 0, p50_s: 0, p90_s: 0 } };
    assert.deepEqual(q.waitsOf({ groups: [group({ waits })] }).map((w) => w.state), ['submitted', 'routed']);
    assert.deepEqual(q.waitsOf({ groups: [group({ waits }), group({ waits })] }), []);
});

test('weeks without a case are there, a long span is cut into months', () => {
    assert.equal(q.mondayOf('2026-11-22'), '2026-11-16');
    assert.equal(q.mondayOf('2026-11-23'), '2026-11-23');
    const { by, steps } = q.overTime([group({ week: '2026-11-09', cases: 2 })], '2026-11-04', '2026-11-22');
    assert.equal(by, 'week');
    assert.deepEqual(steps.map((s) => [s.from, s.total.cases]), [['2026-11-02', 0], ['2026-11-09', 2], ['2026-11-16', 0]]);
    const year = q.overTime([group({ week: '2026-01-05', cases: 2 }), group({ week: '2026-01-26', cases: 3 })], '2026-01-05', '2026-12-31');
    assert.equal(year.by, 'month');
    assert.deepEqual([year.steps.length, year.steps[0].from, year.steps[0].total.cases], [12, '2026-01-01', 5]);
    assert.equal(q.spanOf('2026-02-01', '2026-01-01'), null);
    assert.equal(q.spanOf('2000-01-01', '2026-01-01'), null);
    assert.equal(q.spanOf('2026-01-01', '2026-01-01').until.getDate(), 2);
});

test('axes are round and reach the top', () => {
    assert.deepEqual(q.ticksOf(0), [0, 1]);
    assert.deepEqual(q.ticksOf(7), [0, 2, 4, 6, 8]);
    assert.deepEqual(q.ticksOf(100), [0, 50, 100]);
    for (const max of [0.3, 1, 9, 42, 1234]) assert.ok(q.ticksOf(max).at(-1) >= max, String(max));
});

test('a gap breaks a line', () => {
    const points = [{ x: 0, y: 1 }, { x: 1, y: 2 }, { x: 5, y: 3 }, { x: 6, y: null }, { x: 7, y: 4 }];
    assert.deepEqual(q.runsOf(points, 2).map((run) => run.map((p) => p.x)), [[0, 1], [5], [7]]);
    assert.deepEqual(q.runsOf([]), []);
});

const relay = (id, over) => ({ id, state: 'up', drained: false, added: false, load: 0, rooms: 0, transports: 0, workers: 1, people: 0, kbps: 0, lossPercent: 0, rttMs: 0, ...over });
const place = (id, over) => ({ id, name: id, level: 1, online: 0, inCall: 0, lastSeen: '2026-01-01T00:00:00.000Z', ...over });

test('relays in trouble and the worst links come first', () => {
    const links = [{ relayId: 'a', institutionId: 'v1', people: 1, quality: 'good' }, { relayId: 'a', institutionId: 'v2', people: 1, quality: 'poor' }];
    const branches = o.branchesOf({ relays: [relay('a', { load: 0.2 }), relay('b', { load: 0.9 }), relay('c', { state: 'silent' })], links, institutions: [place('v2', { name: 'Two', level: 1 })] });
    assert.deepEqual(branches.map((b) => b.relay.id), ['c', 'b', 'a']);
    assert.deepEqual([branches[2].links[0].name, branches[2].links[1].name, branches[2].worst], ['Two', 'v1', 'poor']);
});

test('who can\'t speak: calls before lost connections, the longest first', () => {
    const unable = [{ institutionId: 'x', reason: 'offline', people: 1, since: '2026-01-01T00:00:00.000Z' }, { institutionId: 'y', reason: 'media_lost', people: 1, since: '2026-01-01T00:05:00.000Z' }, { institutionId: 'z', reason: 'media_lost', people: 1, since: '2026-01-01T00:01:00.000Z' }, { institutionId: 'w', reason: 'media_lost', people: 1 }];
    assert.deepEqual(o.unableOf({ unable, institutions: [] }).map((u) => u.of.institutionId), ['z', 'y', 'w', 'x']);
});

const lies = (id, latitude, longitude, over) => place(id, { latitude, longitude, name: `${id}卫生室`, ...over });
const overview = (institutions, over) => ({ institutions, relays: [relay('a'), relay('b')], links: [], unable: [], ...over });
const drawn = (o, size = { width: 800, text: 15 }) => Object.fromEntries(land.landOf(o, size).spots.map((s) => [s.place.id, s]));

test('north is above, east is right, nothing leaves the drawing', () => {
    const places = [lies('n', 28.4, 102.7), lies('s', 28.0, 102.7), lies('e', 28.2, 103.1), lies('w', 28.2, 102.5)];
    for (const width of [320, 800, 1500]) {
        const at = drawn(overview(places), { width, text: 15 });
        assert.ok(at.n.y < at.s.y && at.w.x < at.e.x && Math.abs(at.n.x - at.s.x) < 1);
        for (const s of Object.values(at)) assert.ok(s.x > 0 && s.x < width && s.y > 0);
    }
    const one = land.landOf(overview([lies('only', 28, 103)]), { width: 800, text: 15 });
    assert.ok(Number.isFinite(one.spots[0].x + one.spots[0].y + one.height));
});

test('names don\'t cover one another; the important one is written', () => {
    const crowd = Array.from({ length: 30 }, (_, i) => lies(`v${i}`, 28.2 + (i % 6) * 0.002, 102.7 + Math.floor(i / 6) * 0.002));
    const at = drawn(overview([...crowd, lies('far', 28.6, 103.2)], { unable: [{ institutionId: 'v17', reason: 'no_media', people: 1 }] }));
    assert.ok(at.v17.name && at.v17.trouble === 'no_media');
    const boxes = Object.values(at).filter((s) => s.name).map(({ name, place: p }) => {
        const wide = land.widthOf(p.name, 15), left = name.anchor === 'start' ? name.x : name.x - wide;
        return { left, right: left + wide, top: name.y - 9, bottom: name.y + 9 };
    });
    assert.ok(boxes.length < 31 && boxes.length > 1);
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => assert.ok(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top)));
});

test('a far place where nobody was does not stretch the land', () => {
    const far = lies('province', 30.7, 104.1, { lastSeen: undefined, level: 5 });
    const it = land.landOf(overview([lies('a', 28.2, 102.7), lies('b', 28.3, 102.8), far, place('nowhere', {})]), { width: 800, text: 15 });
    assert.deepEqual([it.spots.length, it.beyond, it.unplaced], [2, 1, 1]);
    assert.equal(land.landOf(overview([place('nowhere', {})]), { width: 800, text: 15 }), null);
});

test('a line for each link of what is drawn', () => {
    const links = [{ relayId: 'b', institutionId: 'v', people: 1, quality: 'poor' }, { relayId: 'gone', institutionId: 'v', people: 1, quality: 'good' }, { relayId: 'a', institutionId: 'nowhere', people: 1, quality: 'good' }];
    const { wires } = land.landOf(overview([lies('v', 28.2, 102.7)], { links }), { width: 800, text: 15 });
    assert.deepEqual(wires.map((w) => [w.from.relay.id, w.to.place.id, w.quality]), [['b', 'v', 'poor']]);
    assert.deepEqual(land.scaleOf(0.1, 800), { km: 10, px: 100 });
});

test('institutions hang below their parents, whatever the data says', () => {
    const twigs = o.twigsOf([place('v', { parent: 't' }), place('t', { level: 2, parent: 'c' }), place('c', { level: 3 }), place('lost', { parent: 'nowhere' }), place('self', { parent: 'self' })]);
    assert.deepEqual(twigs.map((t) => t.place.id), ['c', 'lost', 'self']);
    assert.equal(twigs[0].below[0].below[0].place.id, 'v');
});

test('addresses', () => {
    assert.equal(o.addressOf('10.0.0.9', 7400), 'tcp://10.0.0.9:7400');
    assert.equal(o.addressOf('tcp://relay-2.county.lan:8000', 7400), 'tcp://relay-2.county.lan:8000');
    for (const bad of ['', 'http://x', '10.0.0.9:99999', 'a b', 'x:0', 'tcp://']) assert.equal(o.addressOf(bad, 7400), null, bad);
});

test('roles that go together', () => {
    assert.equal(roles.fitting([]), 'none');
    assert.equal(roles.fitting(['trainee', 'specialist']), 'alone');
    assert.equal(roles.fitting(['operator', 'quality']), 'apart');
    assert.equal(roles.fitting(['coordinator', 'quality']), null);
});
