// SPDX-License-Identifier: Apache-2.0
// The outbox over a fake connection in virtual time: order, what needs what, outage, reload, refusal.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import test from 'node:test';
import { load } from './load.mjs';

const { Outbox, Problem } = await load('outbox/outbox.ts');
const { FileGone, dropFile, hasFile, keepFile, readFile, wireName, PIECE_BYTES } = await load('outbox/files.ts');
const { Sha256 } = await load('outbox/sha256.ts');

const NET = { 'zh-CN': '网络', en: 'network' };
const turn = async () => { for (let i = 0; i < 200; i++) await Promise.resolve(); };

class FakeStore {
    kept = new Map();
    async put(name, value) { this.kept.set(name, value instanceof Blob ? value : JSON.stringify(value)); }
    async putAll(all) { for (const [name, value] of all) await this.put(name, value); }
    async get(name) { const v = this.kept.get(name); return v === undefined || v instanceof Blob ? v : JSON.parse(v); }
    async delete(name) { this.kept.delete(name); }
    async names(prefix) { return [...this.kept.keys()].filter((k) => k.startsWith(prefix)).sort(); }
}

class World {
    store = new FakeStore();
    time = 0;
    timers = [];
    asked = []; // calls as they reached the server
    uploads = [];
    answer = () => ({});
    takeFile = async () => ({ materialId: 'mat_1' });
    ids = 0;
    open() {
        return new Outbox({
            store: this.store, now: () => this.time, id: () => `id_${++this.ids}`.padEnd(8, '_'),
            later: (action, ms) => { const timer = { at: this.time + ms, action }; this.timers.push(timer); return () => { this.timers = this.timers.filter((t) => t !== timer); }; },
            call: async (method, params, id) => { this.asked.push({ method, params, id }); return this.answer(method, params, id); },
            upload: async (task, told, stop) => { this.uploads.push(task); return this.takeFile(task, told, stop); },
        });
    }
    async pass(ms) {
        const end = this.time + ms;
        for (;;) {
            await turn();
            const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
            if (!next) break;
            this.timers = this.timers.filter((t) => t !== next);
            this.time = next.at;
            next.action();
        }
        this.time = end;
        await turn();
    }
}

const call = (group, method, more = {}) => ({ group, what: 'submit', task: { kind: 'call', method, params: {} }, ...more });
const file = (id, type = 'photo', bytes = 1e6) => ({ id, name: `${id}.bin`, type, bytes, sha256: '0'.repeat(64) });
const upload = (group, ref, more = {}) => ({ group, what: 'photo', task: { kind: 'upload', file: ref, consultation: 'con_1' }, ...more });

test('calls of one group go one after another, groups side by side', async () => {
    const world = new World();
    const answers = [];
    world.answer = () => new Promise((resolve) => answers.push(resolve));
    const box = world.open();
    await box.add([call('a', 'one'), call('a', 'two'), call('b', 'three')]);
    box.setOnline(true);
    await turn();
    assert.deepEqual(world.asked.map((a) => a.method), ['one', 'three']);
    answers[0]({});
    await turn();
    assert.deepEqual(world.asked.map((a) => a.method), ['one', 'three', 'two']);
});

test('nothing is sent without a connection, and all of it after', async () => {
    const world = new World();
    const box = world.open();
    await box.add([call('a', 'one'), upload('a', file('f'))]);
    await world.pass(60_000);
    assert.equal(world.asked.length + world.uploads.length, 0);
    box.setOnline(true);
    await turn();
    assert.equal(world.asked.length, 1);
    assert.equal(world.uploads.length, 1);
    assert.equal(box.items.value.length, 0);
    assert.deepEqual(await world.store.names('outbox/'), []);
});

test('a result is put into what needs it, also when a reload comes between', async () => {
    const world = new World();
    world.answer = (method) => (method === 'submit' ? { consultation: { id: 'con_9' } } : {});
    const box = world.open();
    await box.add([call('a', 'submit', { id: 'submit__' }),
        { ...upload('a', file('f')), needs: ['submit__'], task: { kind: 'upload', file: file('f'), consultation: { $from: 'submit__', at: 'consultation.id' } } }]);
    world.takeFile = () => new Promise(() => undefined); // the page is closed in the middle
    box.setOnline(true);
    await turn();
    const again = world.open();
    await again.load();
    assert.equal(again.items.value.length, 1);
    assert.equal(again.items.value[0].task.consultation, 'con_9');
    world.takeFile = async () => ({ materialId: 'mat_2' });
    again.setOnline(true);
    await turn();
    assert.equal(again.items.value.length, 0);
});

test('a call without an answer is asked again under its old id after a reload', async () => {
    const world = new World();
    world.answer = () => new Promise(() => undefined);
    const box = world.open();
    await box.add([call('a', 'one')]);
    box.setOnline(true);
    await turn();
    world.answer = () => ({});
    const again = world.open();
    await again.load();
    again.setOnline(true);
    await turn();
    assert.equal(world.asked.length, 2);
    assert.equal(world.asked[0].id, world.asked[1].id);
    assert.equal(again.items.value.length, 0);
});

test('a repeat that is refused asks whether the first try arrived', async () => {
    const world = new World();
    world.answer = () => new Promise(() => undefined);
    const box = world.open();
    await box.add([{ ...call('a', 'submit'), task: { kind: 'call', method: 'submit', params: {}, proof: { method: 'get', params: {} } }, keepAs: { name: 'sent/x', at: 'consultation.id' } }]);
    box.setOnline(true);
    await turn();
    world.answer = (method) => { if (method === 'submit') throw new Problem(NET, false, 'SQ_ERR_STATE'); return { consultation: { id: 'con_3' } }; };
    const again = world.open();
    await again.load();
    again.setOnline(true);
    await turn();
    assert.equal(again.items.value.length, 0);
    assert.equal(await world.store.get('sent/x'), 'con_3');
});

test('a first refusal stays, tells why, and stops only what needs it', async () => {
    const world = new World();
    world.answer = (method) => { if (method === 'bad') throw new Problem(NET, false); return {}; };
    const box = world.open();
    await box.add([call('a', 'bad', { id: 'bad_____' }), call('a', 'needs', { needs: ['bad_____'] }), call('a', 'free'), call('b', 'other')]);
    box.setOnline(true);
    await turn();
    assert.deepEqual(world.asked.map((a) => a.method).sort(), ['bad', 'other']);
    assert.equal(box.items.value[0].state, 'refused');
    assert.equal(box.items.value[0].problem.en, 'network');
    await box.remove('bad_____');
    await turn();
    assert.deepEqual(world.asked.map((a) => a.method).sort(), ['bad', 'free', 'other']);
    assert.equal(box.items.value.length, 0);
});

test('a network failure is tried again later and later', async () => {
    const world = new World();
    const at = [];
    world.answer = () => { at.push(world.time); if (at.length < 4) throw new Problem(NET, true); return {}; };
    const box = world.open();
    await box.add([call('a', 'one')]);
    box.setOnline(true);
    await world.pass(100_000);
    assert.deepEqual(at, [0, 1000, 4000, 14_000]);
    assert.equal(box.items.value.length, 0);
});

test('uploads go one at a time, urgent kinds first; a bad one never blocks the rest', async () => {
    const world = new World();
    const order = [];
    world.takeFile = async (task) => { order.push(task.file.id); if (task.file.id === 'bad') throw new Problem(NET, false); return { materialId: 'm' }; };
    const box = world.open();
    await box.add([upload('a', file('dicom', 'dicom', 9e6)), upload('a', file('bad', 'photo')), upload('a', file('tiny', 'photo', 2000)), upload('a', file('ecg', 'ecg')), upload('a', file('photo', 'photo'))]);
    box.setOnline(true);
    await turn();
    assert.deepEqual(order, ['ecg', 'tiny', 'bad', 'photo', 'dicom']);
    assert.deepEqual(box.items.value.map((i) => [i.task.file.id, i.state]), [['bad', 'refused']]);
});

test('an upload goes on where it was: its address outlives an outage and a reload', async () => {
    const world = new World();
    world.takeFile = (task, told, stop) => new Promise((_, reject) => { told.url('/materials/upl_1'); told.sent(500); stop.addEventListener('abort', () => reject(new Problem(NET, true))); });
    const box = world.open();
    await box.add([upload('a', file('f'))]);
    box.setOnline(true);
    await turn();
    box.setOnline(false);
    await turn();
    assert.equal(box.items.value[0].state, 'waiting');
    const again = world.open();
    await again.load();
    world.takeFile = async () => ({ materialId: 'm' });
    again.setOnline(true);
    await turn();
    assert.equal(world.uploads[1].url, '/materials/upl_1');
    assert.equal(again.items.value.length, 0);
});

test('the order outlives a reload', async () => {
    const world = new World();
    const box = world.open();
    for (let i = 0; i < 12; i++) await box.add([call('a', `m${i}`)]);
    const again = world.open();
    await again.load();
    await again.add([call('a', 'last')]);
    again.setOnline(true);
    await world.pass(1000);
    assert.deepEqual(world.asked.map((a) => a.method), [...Array.from({ length: 12 }, (_, i) => `m${i}`), 'last']);
});

test('two pages that add side by side lose nothing, and what one sent the other does not send again', async () => {
    const world = new World();
    const [one, two] = [world.open(), world.open()];
    await one.load();
    await two.load();
    await one.add([call('a', 'from_one')]);
    await two.add([call('b', 'from_two')]);
    assert.equal((await world.store.names('outbox/')).length, 2);
    await one.refresh();
    assert.deepEqual(one.items.value.map((i) => i.task.method), ['from_one', 'from_two']);
    one.setOnline(true);
    await world.pass(1000);
    await two.refresh(); // before it sends, as the page that is connected now
    two.setOnline(true);
    await world.pass(1000);
    assert.deepEqual(world.asked.map((a) => a.method).sort(), ['from_one', 'from_two']);
    assert.equal(two.items.value.length, 0);
    assert.deepEqual(await world.store.names('outbox/'), []);
});

test('what another page took away while this one looked is not brought back', async () => {
    const world = new World();
    const [one, two] = [world.open(), world.open()];
    await one.add([call('a', 'kept'), call('a', 'gone', { id: 'gone____' })]);
    await two.load();
    const told = two.result('gone____');
    await one.remove('gone____');
    await two.refresh();
    assert.deepEqual(two.items.value.map((i) => i.task.method), ['kept']);
    assert.equal(await told, undefined);
});

test('a page that looks again while it sends keeps what it knows, and sends once', async () => {
    const world = new World();
    let answer;
    world.answer = () => new Promise((resolve) => { answer = resolve; });
    const box = world.open();
    await box.add([call('a', 'one'), call('a', 'two')]);
    box.setOnline(true);
    await turn();
    const [, looked] = [answer({}), box.refresh()];
    await looked;
    await turn();
    answer({});
    await world.pass(1000);
    await box.refresh();
    assert.deepEqual(world.asked.map((a) => a.method), ['one', 'two']);
    assert.equal(box.items.value.length, 0);
});

test('all of what is added is written in one go with the mark of its draft, or nothing', async () => {
    const world = new World();
    const box = world.open();
    world.store.putAll = async () => { throw new Error('closed'); };
    world.store.put = async () => { throw new Error('one by one'); };
    await assert.rejects(box.add([call('a', 'one'), call('a', 'two')], [['draft/a', { sending: 'x' }]]), /closed/);
    assert.deepEqual([box.items.value.length, world.store.kept.size], [0, 0]);
});

test('SHA-256 in pieces is that of the platform', () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 1000, 100_003]) {
        const bytes = randomBytes(length);
        const hash = new Sha256();
        for (let at = 0; at < length; at += 77) hash.update(bytes.subarray(at, at + 77));
        assert.equal(hash.hex(), createHash('sha256').update(bytes).digest('hex'), `${length} bytes`);
    }
});

test('a file is kept in pieces and read back from any byte', async () => {
    const store = new FakeStore();
    const bytes = randomBytes(PIECE_BYTES * 2 + 1234);
    const ref = await keepFile(store, new Blob([bytes]), '胸片 \u202egnp.dcm', 'dicom');
    assert.equal(ref.sha256, createHash('sha256').update(bytes).digest('hex'));
    assert.equal(ref.name, '胸片 gnp.dcm');
    for (const [from, to] of [[0, ref.bytes], [PIECE_BYTES - 10, PIECE_BYTES + 10], [ref.bytes - 5, ref.bytes + 100]])
        assert.deepEqual(Buffer.from(await (await readFile(store, ref, from, to)).arrayBuffer()), bytes.subarray(from, Math.min(to, ref.bytes)));
    assert.ok(new TextEncoder().encode(wireName('图'.repeat(300))).length <= 200);
    await dropFile(store, ref.id);
    assert.equal(await hasFile(store, ref), false);
    await assert.rejects(readFile(store, ref), FileGone);
});

const { nextPiece, pauseAfter } = await load('outbox/pace.ts');

test('pieces grow to what the link carries in four seconds, and shrink at once', () => {
    assert.equal(nextPiece(64 * 1024, 64 * 1024, 100, false, null), 128 * 1024); // not more than doubled
    assert.equal(nextPiece(4 << 20, 4 << 20, 100, false, null), 4 << 20);
    assert.equal(nextPiece(64 * 1024, 64 * 1024, 21_000, false, null), 16 * 1024); // 24 kb/s
});

test('uploads give way while people speak', () => {
    assert.equal(pauseAfter(4096, 500, false, null), 0);
    assert.equal(pauseAfter(4096, 500, true, null), 1500);
    assert.equal(pauseAfter(4096, 500, true, 2048), 1500);
    assert.equal(nextPiece(64 * 1024, 64 * 1024, 10_000, true, null), 2 * 1024);
    assert.equal(nextPiece(64 * 1024, 64 * 1024, 10, true, 20_000), 20_000); // no pause is longer than a second
});
