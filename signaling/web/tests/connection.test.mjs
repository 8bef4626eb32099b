// SPDX-License-Identifier: Apache-2.0
// The connection in virtual time: a network that dies without a word, requests that outlive it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { Connection } = await load('wire/connection.ts');
const turn = async () => { for (let i = 0; i < 20; i++) await Promise.resolve(); };

class World {
    time = 0;
    timers = [];
    sockets = [];
    seen = 0;
    owed = false;
    tokens = []; // as they were kept or forgotten
    keepToken = null; // takes its time
    ids = 0;
    connection = new Connection({
        open: () => {
            const socket = { readyState: 1, sent: [], send: (text) => socket.sent.push(JSON.parse(text)), close: () => { socket.readyState = 3; }, onopen: null, onmessage: null, onclose: null };
            this.sockets.push(socket);
            return socket;
        },
        keepToken: async (token) => { this.tokens.push(token); if (token) await this.keepToken?.(); },
        owed: { get: () => this.owed, set: (owed) => { this.owed = owed; } },
        seen: { get: () => this.seen, set: (seq) => { this.seen = seq; } },
        now: () => this.time,
        later: (action, ms) => { const timer = { at: this.time + ms, action }; this.timers.push(timer); return () => { this.timers = this.timers.filter((t) => t !== timer); }; },
        id: () => `request_${++this.ids}`,
    });
    get socket() { return this.sockets.at(-1); }
    async arrive() { // the socket opens and the session is resumed
        this.socket.onopen?.();
        await turn();
        const resume = this.socket.sent.find((m) => m.method === 'session.resume');
        this.socket.onmessage({ data: JSON.stringify({ jsonrpc: '2.0', id: resume.id, result: { sessionId: 's', seq: 0, replayed: 0 } }) });
        await turn();
    }
    async pass(ms) {
        const end = this.time + ms;
        for (;;) {
            const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
            if (!next) break;
            this.timers = this.timers.filter((t) => t !== next);
            this.time = next.at;
            next.action();
            await turn();
        }
        this.time = end;
    }
}

test('a request without any answer gives the connection up, and goes again under its id', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    let answer = null;
    world.connection.call('directory.specialties', {}).then((r) => { answer = r; });
    const asked = world.socket.sent.at(-1);
    await world.pass(29_000);
    assert.equal(world.sockets.length, 1);
    await world.pass(2500);
    assert.equal(world.sockets.length, 2);
    await world.arrive();
    const again = world.socket.sent.find((m) => m.id === asked.id);
    assert.deepEqual(again, asked);
    world.socket.onmessage({ data: JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: { specialties: [] } }) });
    await turn();
    assert.deepEqual(answer, { specialties: [] });
});

test('a connection that speaks is not given up, however long one reply takes', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    void world.connection.call('directory.specialties', {});
    for (let seq = 1; seq < 20; seq++) {
        await world.pass(20_000);
        world.socket.onmessage({ data: JSON.stringify({ jsonrpc: '2.0', method: 'consultation.removed', params: { id: 'x', seq } }) });
    }
    assert.equal(world.sockets.length, 1);
});

test('an idle connection is left alone', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    await world.pass(3_600_000);
    assert.equal(world.sockets.length, 1);
    assert.equal(world.connection.state.value, 'ready');
});

test('a network that is known to be gone is not waited for', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    world.connection.lost();
    assert.equal(world.connection.state.value, 'offline');
    await world.pass(700);
    assert.equal(world.sockets.length, 2);
    await world.arrive();
    assert.equal(world.connection.state.value, 'ready');
});

const answer = (socket, id, result = {}) => socket.onmessage?.({ data: JSON.stringify({ jsonrpc: '2.0', id, result }) });

test('in doubt, a second connection takes the place of one that is dead without a word', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    const [first] = world.sockets;
    let answered = false;
    world.connection.call('media.restartIce', { transportId: 't' }).then(() => { answered = true; });
    world.connection.doubt();
    await world.pass(1100);
    assert.deepEqual([world.sockets.length, world.connection.state.value, first.readyState], [2, 'ready', 1], 'the first stays until the second opens');
    await world.arrive();
    assert.deepEqual([first.readyState, world.connection.state.value], [3, 'ready']);
    const again = world.socket.sent.find((m) => m.method === 'media.restartIce');
    assert.deepEqual(again, first.sent.at(-1));
    answer(world.socket, again.id, { iceParameters: {} });
    await world.pass(60_000);
    assert.deepEqual([answered, world.sockets.length], [true, 2]);
});

test('one that speaks after all stays, and the second goes', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    const [first] = world.sockets;
    void world.connection.call('media.restartIce', { transportId: 't' });
    world.connection.doubt();
    await world.pass(1100);
    const second = world.socket;
    answer(first, first.sent.at(-1).id, { iceParameters: {} });
    second.onopen?.();
    await world.pass(20_000);
    assert.deepEqual([first.readyState, second.readyState, world.sockets.length, second.sent.length], [1, 3, 2, 0]);
});

test('a connection that owes nothing, or answers in time, is not doubled', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    world.connection.doubt();
    await world.pass(5000);
    void world.connection.call('media.restartIce', { transportId: 't' });
    world.connection.doubt();
    await world.pass(500);
    answer(world.socket, world.socket.sent.at(-1).id);
    await world.pass(20_000);
    assert.equal(world.sockets.length, 1);
});

test('while the network stays away the second is tried again; when it is known to be gone, none is left', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    const [first] = world.sockets;
    void world.connection.call('media.restartIce', { transportId: 't' });
    world.connection.doubt();
    await world.pass(1100);
    world.socket.onclose({ code: 1006 }); // refused at once
    await world.pass(1100);
    assert.equal(world.sockets.length, 3);
    await world.pass(10_100); // neither opened nor closed
    assert.deepEqual([world.sockets.length, world.sockets[2].readyState, first.readyState], [4, 3, 1]);
    world.connection.lost();
    assert.ok(world.sockets.every((s) => s.readyState === 3));
});

test('what is asked as soon as the connection is back is asked once', async () => {
    const world = new World();
    let asked = 0;
    world.connection.state.subscribe((state) => { if (state === 'ready' && asked++ === 0) void world.connection.call('media.restartIce', { transportId: 't' }); });
    world.connection.start();
    await world.arrive();
    assert.equal(world.socket.sent.filter((m) => m.method === 'media.restartIce').length, 1);
});

test('in a call a server that was away for long is found again soon', async () => {
    const waits = async (pressed) => {
        const world = new World();
        const release = pressed ? world.connection.press() : () => undefined;
        world.connection.start();
        for (let i = 0; i < 8; i++) {
            world.socket.onclose({ code: 1006 });
            if (i < 7) await world.pass(20_000);
        }
        release();
        return world.timers[0].at - world.time;
    };
    assert.ok(await waits(false) >= 6000);
    assert.ok(await waits(true) < 2000);
});

test('a page at the sign-in form leaves the session to the page of this browser that has it', async () => {
    const world = new World();
    world.seen = null;
    world.connection.start();
    world.socket.onopen();
    assert.equal(world.connection.state.value, 'signed_out');
    world.seen = 7; // the other page signed in
    world.socket.onclose({ code: 4003 });
    await world.pass(3000);
    world.socket.onopen();
    await turn();
    assert.deepEqual([world.connection.state.value, world.socket.sent], ['signed_out', []]);
});

test('so does one that was signed out', async () => {
    const world = new World();
    world.connection.start();
    await world.arrive();
    const out = world.connection.signOut();
    world.socket.onmessage({ data: JSON.stringify({ jsonrpc: '2.0', id: world.socket.sent.at(-1).id, result: {} }) });
    await out;
    world.seen = 7;
    world.socket.onclose({ code: 4003 });
    await world.pass(3000);
    world.socket.onopen();
    await turn();
    assert.deepEqual([world.connection.state.value, world.socket.sent], ['signed_out', []]);
});

const methods = (socket) => socket.sent.map((m) => m.method);

test('who signed out without a network is signed out of the server first of all, also after a reload', async () => {
    const before = new World();
    before.connection.start();
    await before.arrive();
    before.socket.onclose({ code: 1006 });
    await before.connection.signOut();
    assert.deepEqual([before.owed, before.seen, before.tokens], [true, null, []], 'the cookie is still needed');

    const world = new World();
    Object.assign(world, { owed: true, seen: null });
    world.connection.start();
    world.socket.onopen();
    await turn();
    assert.deepEqual([methods(world.socket), world.connection.state.value], [['session.resume'], 'offline']);
    answer(world.socket, world.socket.sent[0].id, { sessionId: 's', seq: 3, replayed: 0 });
    await turn();
    assert.deepEqual(methods(world.socket), ['session.resume', 'auth.logout']);
    world.socket.onclose({ code: 1006 }); // lost again before the answer
    await world.pass(1000);
    world.socket.onopen();
    await turn();
    answer(world.socket, world.socket.sent[0].id, { sessionId: 's', seq: 3, replayed: 0 });
    await turn();
    answer(world.socket, world.socket.sent[1].id);
    await turn();
    assert.deepEqual([world.owed, world.tokens, world.connection.state.value], [false, [null], 'signed_out']);
});

test('a session that was over by itself is owed nothing', async () => {
    const world = new World();
    Object.assign(world, { owed: true, seen: null });
    world.connection.start();
    world.socket.onopen();
    await turn();
    world.socket.onmessage({ data: JSON.stringify({ jsonrpc: '2.0', id: world.socket.sent[0].id, error: { code: -32006, message: 'x', data: { error: 'SQ_ERR_UNAUTHENTICATED', remedy: { 'zh-CN': 'x', en: 'x' } } } }) });
    await turn();
    assert.deepEqual([world.owed, world.tokens, world.connection.state.value], [false, [null], 'signed_out']);
});

/** Signed in as far as the server is concerned; its token is not kept yet. Returns: it is now. */
function signsIn(world) {
    let kept;
    world.keepToken = () => new Promise((resolve) => (kept = resolve));
    world.signing = world.connection.signIn('acc_village', 'x', true);
    world.signing.catch(() => undefined);
    world.socket.onmessage({ data: JSON.stringify({ jsonrpc: '2.0', id: world.socket.sent.at(-1).id, result: { token: 't', seq: 0 } }) });
    return async () => { world.keepToken = null; kept(); await turn(); };
}

const ended = (seq) => ({ data: JSON.stringify({ jsonrpc: '2.0', method: 'session.ended', params: { seq, reason: 'revoked' } }) });

test('who is signed out by an administrator is told so, whatever number it has and however early', async () => {
    const world = new World();
    world.seen = 40; // of the session before
    world.connection.start();
    await world.arrive();
    world.socket.onmessage(ended(3));
    world.socket.onclose({ code: 4001 });
    await turn();
    assert.deepEqual([world.connection.ended.value, world.seen], ['revoked', null]);

    await world.pass(3000);
    world.socket.onopen();
    await turn();
    const kept = signsIn(world);
    await turn();
    world.socket.onmessage(ended(1));
    await kept();
    await assert.rejects(world.signing, { error: 'SQ_ERR_UNAUTHENTICATED' });
    assert.deepEqual([world.connection.ended.value, world.connection.state.value, world.seen], ['revoked', 'signed_out', null]);
});

test('a connection that is lost while one signs in is resumed by the next', async () => {
    const world = new World();
    world.seen = null;
    world.connection.start();
    world.socket.onopen();
    const kept = signsIn(world);
    await turn();
    world.socket.onclose({ code: 1006 });
    await world.pass(3000);
    world.socket.onopen();
    await turn();
    await kept();
    await world.signing;
    assert.notEqual(world.connection.state.value, 'ready', 'not before it is resumed');
    await world.arrive();
    assert.equal(world.connection.state.value, 'ready');
});
