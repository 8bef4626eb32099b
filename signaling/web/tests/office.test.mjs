// SPDX-License-Identifier: Apache-2.0
// Statistics to series, axes, and the operator's overview put in order.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled } from './support.mjs';

const q = await bundled('quality/series.ts');
const o = await bundled('operator/overview.ts');
const roles = await bundled('operator/roles.ts');

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

test('a span has at most twelve steps that cover it', () => {
    for (const days of [1, 2, 12, 13, 30, 90, 365, 3000]) {
        const from = new Date(2026, 0, 1), until = new Date(2026, 0, 1 + days);
        const steps = q.stepsOf(from, until);
        assert.ok(steps.length >= 1 && steps.length <= q.STEPS_MAX, String(days));
        assert.equal(steps[0].from.getTime(), from.getTime());
        assert.equal(steps.at(-1).until.getTime(), until.getTime());
        for (let i = 1; i < steps.length; i++) assert.equal(steps[i].from.getTime(), steps[i - 1].until.getTime());
    }
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
