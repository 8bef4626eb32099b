// SPDX-License-Identifier: Apache-2.0
// Ways back of a call in virtual time: the machine of reconnect.ts alone, then media.ts over a fake device and server.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { newLink, step, retryMs, DISTURBED_MS, RESTART_MS, RELAY_MS, CLOSED_MS, JOIN_MS } = await load('call/reconnect.ts');
const { CallMedia } = await load('call/media.ts', ['./prepare']);
const { cameraEncodings, topOf } = await load('call/encodings.ts');
const { watchNetwork } = await load('call/network.ts');
const { newSpeaker, listen } = await load('call/speaker.ts');
const { NO_FLOOR, told, ordered, moved, quiets } = await load('call/floor.ts');

// ---- the machine ----

/** A link in mode up at 1 s, both transports connected. */
function up() {
    return run([[0, { type: 'joined' }], [0, browser('recv', 'connected')], [0, browser('send', 'connected')]]).link;
}

const browser = (direction, state) => ({ type: 'browser', direction, state });
const server = (state, direction = 'recv') => ({ type: 'server', direction, state });

function run(events, link = newLink()) {
    const acts = [];
    for (const [ms, event] of events) {
        const [next, act] = step(link, event, ms);
        link = next;
        if (act !== 'none') acts.push(`${act}@${ms}`);
    }
    return { link, acts };
}

test('a short disturbance is waited through, a longer one restarts ICE', () => {
    const short = run([[1000, browser('recv', 'disconnected')], [1300, browser('recv', 'connected')], [1000 + DISTURBED_MS, { type: 'tick' }]], up());
    assert.deepEqual(short.acts, []);
    assert.equal(short.link.mode, 'up');
    const long = run([[1000, browser('recv', 'disconnected')], [1000 + DISTURBED_MS - 1, { type: 'tick' }], [1000 + DISTURBED_MS, { type: 'tick' }]], up());
    assert.deepEqual(long.acts, [`restart@${1000 + DISTURBED_MS}`]);
});

test('failed restarts at once; a restart that leads nowhere is followed by another, then by new transports', () => {
    const { acts, link } = run([[1000, browser('send', 'failed')], [1000 + RESTART_MS, { type: 'tick' }], [1000 + 2 * RESTART_MS, { type: 'tick' }]], up());
    assert.deepEqual(acts, ['restart@1000', `restart@${1000 + RESTART_MS}`, `join@${1000 + 2 * RESTART_MS}`]);
    assert.equal(link.mode, 'joining');
});

test('ICE that connects again ends it, and counts restarts anew', () => {
    const { acts, link } = run([[1000, browser('send', 'failed')], [1500, browser('send', 'connected')], [9000, browser('send', 'failed')]], up());
    assert.deepEqual(acts, ['restart@1000', 'restart@9000']);
    assert.equal(link.restarts, 1);
});

test('without signalling nothing is asked; it restarts as soon as signalling is back', () => {
    const { acts, link } = run([[1000, { type: 'signalling', up: false }], [1200, browser('recv', 'disconnected')], [1200 + DISTURBED_MS, { type: 'tick' }], [20_000, { type: 'signalling', up: true }]], up());
    assert.deepEqual(acts, ['restart@20000']);
    assert.equal(link.mode, 'restarting');
});

test('a new network without signalling is remembered until it is back, unless ICE found its way meanwhile', () => {
    const gone = [[1000, { type: 'signalling', up: false }], [1100, { type: 'network' }], [1150, { type: 'network' }]];
    const { acts, link } = run([...gone, [1600, { type: 'signalling', up: true }], [1700, browser('recv', 'disconnected')]], up());
    assert.deepEqual([acts, link.mode], [['restart@1600'], 'restarting'], 'long before the browser notices');
    assert.deepEqual(run([...gone, [1200, browser('recv', 'disconnected')], [1300, browser('recv', 'connected')], [1600, { type: 'signalling', up: true }]], up()).acts, []);
});

test('a restart that was asked when signalling went is not asked twice when it is back', () => {
    const { acts, link } = run([[1000, browser('recv', 'failed')], [2000, { type: 'signalling', up: false }], [3000, { type: 'signalling', up: true }]], up());
    assert.deepEqual([acts, link.mode, link.dueMs], [['restart@1000'], 'restarting', 3000 + RESTART_MS]);
    assert.deepEqual(run([[3000 + RESTART_MS, { type: 'tick' }]], link).acts, [`restart@${3000 + RESTART_MS}`]);
});

test('a server that restarts while media go on changes nothing', () => {
    const { acts, link } = run([[1000, { type: 'signalling', up: false }], [3000, { type: 'signalling', up: true }]], up());
    assert.deepEqual([acts, link.mode], [[], 'up']);
});

test('a silent relay is waited for; its return, its failure and its forgetting lead on', () => {
    const silent = [[1000, server('interrupted')], [1500, browser('recv', 'disconnected')], [2500, browser('recv', 'failed')]];
    assert.deepEqual(run(silent, up()).acts, [], 'no restart towards a relay that is down');
    assert.equal(run([...silent.slice(0, 1), [2000, server('connected')]], up()).link.mode, 'up');
    assert.deepEqual(run([...silent, [4000, server('failed')]], up()).acts, ['join@4000']);
    assert.deepEqual(run([...silent, [4000, server('closed')], [4000 + CLOSED_MS, { type: 'tick' }]], up()).acts, [`join@${4000 + CLOSED_MS}`]);
    assert.deepEqual(run([...silent, [1000 + RELAY_MS, { type: 'tick' }]], up()).acts, [`join@${1000 + RELAY_MS}`], 'and if nothing is heard');
});

test('failed without signalling is remembered until it is back', () => {
    const { acts } = run([[1000, { type: 'signalling', up: false }], [1100, server('failed')], [9000, { type: 'signalling', up: true }]], up());
    assert.deepEqual(acts, ['join@9000']);
});

test('a new network is tried at once, once for a burst of events', () => {
    const { acts } = run([[1000, { type: 'network' }], [1100, { type: 'network' }], [1200, { type: 'network' }]], up());
    assert.deepEqual(acts, ['restart@1000']);
});

test('what was not told means new transports, and joining that fails is tried again ever more slowly', () => {
    assert.deepEqual(run([[1000, { type: 'missed' }]], up()).acts, ['join@1000']);
    let link = newLink(), ms = 0;
    const waits = [];
    for (let i = 0; i < 6; i++) {
        [link] = step(link, { type: 'notJoined' }, ms);
        waits.push(link.dueMs - ms);
        ms = link.dueMs;
        const [next, act] = step(link, { type: 'tick' }, ms);
        assert.equal(act, 'join');
        link = next;
    }
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 8000]);
    assert.equal(retryMs(99), 8000);
});

test('an attempt whose answers wait for the connection is not doubled', () => {
    const joining = newLink();
    const started = step(joining, { type: 'missed' }, 0)[0];
    const { acts } = run([[0, { type: 'notJoined' }], [500, { type: 'tick' }], [600, { type: 'signalling', up: false }], [500 + JOIN_MS, { type: 'tick' }], [40_000, { type: 'signalling', up: true }]], started);
    assert.deepEqual(acts, ['join@500']);
});

test('every event in every mode gives a known mode and act', () => {
    const events = [...['send', 'recv'].flatMap((d) => ['new', 'connecting', 'connected', 'disconnected', 'failed', 'closed'].map((s) => browser(d, s))), ...['new', 'connecting', 'connected', 'interrupted', 'failed', 'closed'].map((s) => server(s)), { type: 'signalling', up: true }, { type: 'signalling', up: false }, { type: 'network' }, { type: 'missed' }, { type: 'joined' }, { type: 'notJoined' }, { type: 'restarted', ok: true }, { type: 'restarted', ok: false }, { type: 'tick' }];
    const seen = new Map(), queue = [newLink()];
    while (queue.length && seen.size < 5000) {
        const link = queue.pop();
        const key = JSON.stringify({ ...link, dueMs: link.dueMs === Infinity ? 0 : 1, attempt: Math.min(link.attempt, 2), restartedMs: 0 });
        if (seen.has(key)) continue;
        seen.set(key, link);
        for (const event of events) {
            const [next, act] = step(link, event, 100_000);
            assert.ok(['up', 'waiting', 'restarting', 'joining'].includes(next.mode));
            assert.ok(['none', 'restart', 'join'].includes(act));
            if (act === 'join') assert.equal(next.mode, 'joining');
            if (act !== 'none') assert.ok(next.signalling && next.dueMs < Infinity, 'what is asked has a limit in time');
            queue.push(next);
        }
    }
    assert.ok(seen.size > 50);
});

test('a new estimate of the same network is no new network', () => {
    const page = new EventTarget(), link = Object.assign(new EventTarget(), { type: 'wifi' });
    let changes = 0;
    const stop = watchNetwork(page, link, () => changes++);
    link.dispatchEvent(new Event('change'));
    assert.equal(changes, 0);
    link.type = 'cellular';
    for (let i = 0; i < 3; i++) link.dispatchEvent(new Event('change'));
    assert.equal(changes, 1);
    page.dispatchEvent(new Event('online'));
    assert.equal(changes, 2);
    stop();
    page.dispatchEvent(new Event('online'));
    assert.equal(changes, 2);
    watchNetwork(page, undefined, () => changes++); // browsers that tell nothing more
    page.dispatchEvent(new Event('online'));
    assert.equal(changes, 3);
});

// ---- media over fakes ----

class Emitter {
    handlers = {};
    on(name, f) { (this.handlers[name] ??= []).push(f); }
    emit(name, ...args) { for (const f of this.handlers[name] ?? []) f(...args); }
}

class FakeTransport extends Emitter {
    closed = false;
    connectionState = 'new';
    constructor(direction, options, world) { super(); Object.assign(this, { direction, id: options.id, world }); }
    state(state) { this.connectionState = state; this.emit('connectionstatechange', state); }
    close() { this.closed = true; }
    async restartIce() { this.world.restarted.push(this.id); }
    async produce({ track, appData }) {
        const id = await new Promise((done, failed) => this.emit('produce', { kind: track.kind, rtpParameters: {}, appData }, ({ id }) => done(id), failed));
        const producer = Object.assign(new Emitter(), { id, kind: track.kind, paused: false, closed: false, rtpSender: undefined, pause() { this.paused = true; }, resume() { this.paused = false; }, close() { this.closed = true; }, replaceTrack: async () => undefined, async setMaxSpatialLayer(layer) { this.maxSpatialLayer = layer; } });
        this.world.producers.push(producer);
        return producer;
    }
    async consume({ id, kind }) { return { id, kind, track: { kind }, closed: false, close() { this.closed = true; } }; }
}

/** A server that answers what media.ts asks, a clock that is wound by hand. */
function world() {
    const w = { asked: [], transports: [], producers: [], restarted: [], told: new Map(), nowMs: 0, timers: [], refuse: new Set(), reload: null, next: 1, doubts: 0, kept: ['tr_former'] };
    w.state = { value: 'ready', f: null, subscribe(f) { this.f = f; f(this.value); return () => (this.f = null); } };
    const answers = {
        'media.routerRtpCapabilities': () => ({}),
        'media.createTransport': ({ direction }) => ({ id: `tr_${direction}_${w.next++}` }),
        'media.produce': ({ kind }) => ({ id: `pr_${kind}_${w.next++}` }),
        'media.consume': ({ producerId }) => ({ id: `co_${producerId}`, producerId, kind: 'video', source: 'camera', participantId: 'acc_other', rtpParameters: {}, paused: true }),
        'media.restartIce': () => ({ iceParameters: {} }),
    };
    w.env = {
        server: {
            call: async (method, params) => {
                w.asked.push(`${method} ${params.id ?? params.transportId ?? params.producerId ?? params.direction ?? ''}`.trim());
                if (w.refuse.has(method)) throw new Error('refused');
                return answers[method]?.(params) ?? {};
            },
            on: (name, f) => { w.told.set(name, f); return () => w.told.delete(name); },
            onReload: (f) => { w.reload = f; return () => (w.reload = null); },
            state: w.state,
            doubt: () => w.doubts++,
        },
        device: async () => ({ load: async () => undefined, recvRtpCapabilities: {}, createSendTransport: (o) => w.made('send', o), createRecvTransport: (o) => w.made('recv', o) }),
        now: () => w.nowMs,
        later: (action, ms) => { const timer = { action, atMs: w.nowMs + ms }; w.timers.push(timer); return () => (w.timers = w.timers.filter((t) => t !== timer)); },
        kept: { get: () => w.kept, set: (ids) => (w.kept = ids) },
    };
    w.made = (direction, options) => { const t = new FakeTransport(direction, options, w); w.transports.push(t); return t; };
    w.pass = async (ms) => {
        w.nowMs += ms;
        for (const timer of w.timers.filter((t) => t.atMs <= w.nowMs)) { w.timers = w.timers.filter((t) => t !== timer); timer.action(); }
        await turn();
    };
    return w;
}

const turn = async () => { for (let i = 0; i < 60; i++) await Promise.resolve(); };
const track = (kind, size = {}) => ({ kind, readyState: 'live', stop: () => undefined, getSettings: () => size });

async function joined() {
    const w = world();
    const media = new CallMedia('con_1', w.env);
    await media.send('microphone', track('audio'));
    media.start();
    await turn();
    return { w, media };
}

test('joining closes what a former page left, asks for both ways at once, and sends paused until it is answered', async () => {
    const { w, media } = await joined();
    assert.equal(w.asked[0], 'media.close tr_former');
    assert.deepEqual(w.asked.slice(1, 4).sort(), ['media.createTransport recv', 'media.createTransport send', 'media.routerRtpCapabilities']);
    assert.equal(w.producers[0].paused, true);
    assert.equal(w.kept.length, 2);
    media.flow(true);
    assert.equal(w.producers[0].paused, false);
    assert.ok(w.asked.includes(`media.resume ${w.producers[0].id}`));
    media.mute('microphone', true);
    assert.equal(w.producers[0].paused, true);
    media.close();
});

test('announced producers are consumed once, also those told before the transport is there; what closes goes', async () => {
    const w = world();
    const media = new CallMedia('con_1', w.env);
    media.start();
    w.told.get('media.newProducer')({ room: 'con_1', producerId: 'pr_a', participantId: 'acc_other', kind: 'video', source: 'camera' });
    w.told.get('media.newProducer')({ room: 'con_2', producerId: 'pr_b', participantId: 'acc_other', kind: 'video', source: 'camera' });
    await turn();
    assert.deepEqual(media.remotes.value.map((r) => [r.producerId, r.paused]), [['pr_a', true]]);
    w.told.get('media.consumerResumed')({ consumerId: 'co_pr_a' });
    assert.equal(media.remotes.value[0].paused, false);
    w.told.get('media.newProducer')({ room: 'con_1', producerId: 'pr_a', participantId: 'acc_other', kind: 'video', source: 'camera' });
    await turn();
    assert.equal(media.remotes.value.length, 1);
    w.told.get('media.consumerClosed')({ consumerId: 'co_pr_a' });
    assert.deepEqual(media.remotes.value, []);
    media.close();
});

test('a dropped network restarts ICE of what was connected, by itself', async () => {
    const { w, media } = await joined();
    for (const t of w.transports) t.state('connected');
    assert.equal(media.mode.value, 'up');
    w.transports.find((t) => t.direction === 'send').state('disconnected');
    assert.equal(media.mode.value, 'waiting');
    await w.pass(DISTURBED_MS);
    assert.equal(media.mode.value, 'restarting');
    assert.equal(w.restarted.length, 2);
    assert.equal(w.doubts, 1, 'whether signalling still has a network');
    for (const t of w.transports) t.state('connected');
    assert.equal(media.mode.value, 'up');
    media.close();
});

test('a relay that is lost means new transports, and own streams are sent again as they were', async () => {
    const { w, media } = await joined();
    media.flow(true);
    for (const t of w.transports) t.state('connected');
    const [, send] = w.transports;
    w.told.get('media.transportState')({ transportId: send.id, state: 'interrupted' });
    assert.equal(media.mode.value, 'waiting');
    w.told.get('media.transportState')({ transportId: send.id, state: 'failed' });
    await turn();
    assert.equal(w.transports.length, 4);
    assert.ok(w.transports.slice(0, 2).every((t) => t.closed));
    assert.equal(w.producers.length, 2);
    assert.equal(w.producers[1].paused, false);
    assert.equal(media.own.value[0].producer, w.producers[1]);
    assert.equal(media.mode.value, 'up');
    media.close();
    assert.equal(w.timers.length, 0, 'nothing is left to run');
    assert.equal(w.told.size, 0);
});

test('a room that is not open yet is tried again, and at once when it was entered', async () => {
    const w = world();
    w.refuse.add('media.createTransport');
    const media = new CallMedia('con_1', w.env);
    media.start();
    await turn();
    assert.equal(media.mode.value, 'joining');
    assert.ok(media.problem.value);
    w.refuse.clear();
    media.hurry();
    await turn();
    assert.equal(media.mode.value, 'up');
    assert.equal(media.problem.value, null);
    media.close();
});

// ---- who speaks, who has the floor ----

test('the speaker holds through pauses and coughs, and changes with a voice that lasts', () => {
    let s = newSpeaker(), ms = 0;
    const say = (a, b, forMs) => { for (const end = ms + forMs; ms < end; ms += 250) s = listen(s, new Map([['a', a], ['b', b]]), ms); };
    say(0.2, 0, 1000);
    assert.equal(s.active, 'a');
    say(0, 0.3, 250); // a cough
    say(0, 0, 500);
    assert.equal(s.active, 'a');
    say(0.2, 0, 500);
    say(0, 0.3, 2500);
    assert.equal(s.active, 'b');
    s = listen(s, new Map([['a', 0.2]]), ms);
    assert.equal(s.active, 'b', 'not before it lasts');
});

test('what is told of a stream while it is being made is not lost', async () => {
    const w = world();
    const media = new CallMedia('con_1', w.env);
    media.start();
    await turn();
    const recv = w.transports.find((t) => t.direction === 'recv');
    const { consume } = FakeTransport.prototype;
    recv.consume = async (options) => {
        w.told.get('media.consumerResumed')({ consumerId: options.id });
        return consume(options);
    };
    w.told.get('media.consumerPaused')({ consumerId: 'co_pr_a' }); // before the answer, which knows it
    w.told.get('media.newProducer')({ room: 'con_1', producerId: 'pr_a', participantId: 'acc_other', kind: 'audio', source: 'microphone' });
    await turn();
    assert.deepEqual(media.remotes.value.map((r) => r.paused), [false]);
    media.close();
});

test('the floor is what the chair said; order keeps those it does not name', () => {
    let f = told(NO_FLOOR, 'hand', 'x', { up: true });
    f = told(f, 'floor', 'chair', { of: 'x', quiet: true, order: ['x', 'y'] });
    assert.deepEqual(f, { of: 'x', quiet: true, order: ['x', 'y'], hands: [] });
    assert.ok(quiets(NO_FLOOR, f, 'y') && !quiets(NO_FLOOR, f, 'x') && !quiets(f, f, 'y'));
    assert.deepEqual(told(f, 'floor', 'chair', { of: 7, order: 'x' }), { of: null, quiet: false, order: [], hands: [] });
    assert.deepEqual(ordered(['y', 'gone'], ['x', 'y', 'z']), ['y', 'x', 'z']);
    assert.deepEqual(moved(['x', 'y', 'z'], 'z', -1), ['x', 'z', 'y']);
    assert.deepEqual(moved(['x', 'y'], 'x', -1), ['x', 'y']);
});

test('a hand keeps its place when it is said again, and the chair takes it down', () => {
    let f = ['x', 'y', 'x'].reduce((floor, by) => told(floor, 'hand', by, { up: true }), NO_FLOOR);
    assert.deepEqual(f.hands, ['x', 'y']);
    f = told(f, 'floor', 'chair', { of: null, order: [], lower: 'x' });
    assert.deepEqual(f.hands, ['y']);
    assert.deepEqual(told(f, 'hand', 'y', {}).hands, []);
});

// ---- sizes of a picture ----

const scales = (width, height) => cameraEncodings({ width, height }).map((e) => e.scaleResolutionDownBy);

test('a camera sends no more sizes than a browser encodes of it, the full one among them', () => {
    for (const [width, height, wanted] of [[1280, 720, [4, 2, 1]], [720, 1280, [4, 2, 1]], [960, 540, [4, 2, 1]], [640, 480, [2, 1]], [480, 270, [2, 1]], [360, 288, [1]], [320, 240, [1]], [0, 0, [4, 2, 1]]])
        assert.deepEqual(scales(width, height), wanted, `${width} x ${height}`);
    assert.deepEqual([3, 2, 1].map((count) => [2, 1, 0].map((size) => topOf(count, size))), [[2, 1, 0], [1, 0, 0], [0, 0, 0]]);
});

test('a weak link leaves out sizes that there are; a camera of another size is sent anew', async () => {
    const { w, media } = await joined();
    media.flow(true);
    await media.send('camera', track('video', { width: 640, height: 480 }));
    const first = w.producers.at(-1);
    assert.equal(first.maxSpatialLayer, undefined);
    await media.limit(1);
    assert.equal(first.maxSpatialLayer, 0);
    await media.limit(2);
    assert.equal(first.maxSpatialLayer, 1);
    await media.send('camera', track('video', { width: 640, height: 360 }));
    assert.equal(w.producers.at(-1), first);
    await media.send('camera', track('video', { width: 1280, height: 720 }));
    assert.ok(first.closed && w.asked.includes(`media.close ${first.id}`));
    assert.notEqual(w.producers.at(-1), first);
    assert.equal(w.producers.at(-1).paused, false);
    media.close();
});
