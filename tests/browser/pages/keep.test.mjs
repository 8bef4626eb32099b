// SPDX-License-Identifier: Apache-2.0
// The sealed keep in a browser, without a server: the page is closed between every two steps of a write, and of the
// catching up after it, and what was put last is there.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import { ROOT } from '../support.mjs';
import { CHROMIUM } from './world.mjs';

const PLACE = 'http://localhost/'; // answered by the test; a secure context
const SECRET = '右上腹绞痛三小时';

/** In the page: a step that `stopAt` names never comes to its end, as when the page is closed there. */
function steps() {
    window.stopAt = 'nowhere';
    const { encrypt } = SubtleCrypto.prototype, { removeItem } = Storage.prototype;
    SubtleCrypto.prototype.encrypt = function (...all) { return window.stopAt === 'sealing' ? new Promise(() => 0) : encrypt.apply(this, all); };
    for (const name of ['put', 'delete']) {
        const act = IDBObjectStore.prototype[name];
        IDBObjectStore.prototype[name] = function (...all) {
            const request = act.apply(this, all);
            if (window.stopAt === 'writing') request.addEventListener('success', () => this.transaction.abort());
            return request;
        };
    }
    Storage.prototype.removeItem = function (...all) { if (window.stopAt !== 'tidying') removeItem.apply(this, all); };
    addEventListener('unhandledrejection', (event) => { if (window.stopAt === 'writing') event.preventDefault(); });
}
const STEPS = ['nowhere', 'sealing', 'writing', 'tidying'];

let browser, code, owners = 0;

before(async () => {
    const { outputFiles } = await esbuild.build({ entryPoints: [path.join(ROOT, 'signaling/web/src/keep/keep.ts')], bundle: true, write: false, format: 'iife', globalName: 'kept', target: 'es2020', logLevel: 'error' });
    code = `${outputFiles[0].text}; window.kept = kept;`;
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
});

after(() => browser.close());

async function open(context) {
    const page = await context.newPage();
    page.faults = [];
    page.on('pageerror', (error) => page.faults.push(String(error)));
    await page.goto(PLACE);
    return page;
}

async function machine(t) {
    const context = await browser.newContext();
    t.after(() => context.close());
    await context.route(PLACE, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>keep</title>' }));
    await context.addInitScript(steps);
    await context.addInitScript(code);
    return context;
}

/** Kept by `owner` before anything else is asked; undefined becomes null. */
const read = (page, owner, name = 'form/a') => page.evaluate(async ([o, n]) => (await (await kept.Keep.of(o)).get(n)) ?? null, [owner, name]);
const items = (page) => page.evaluate(() => Object.entries(localStorage));

/** All of it in one task, nothing awaited; then the page is gone. `stop`: where its writes stop. */
async function typeAndClose(page, owner, writes, stop) {
    await page.evaluate(async ([o, all, at]) => {
        const keep = await kept.Keep.of(o);
        window.stopAt = at;
        for (const value of all) void (value === null ? keep.delete('form/a') : keep.put('form/a', value)).catch(() => undefined);
        if (at === 'tidying') await keep.get('form/a'); // it has landed
        if (at === 'writing') await keep.get('form/a').catch(() => undefined);
    }, [owner, writes, stop]);
    await page.reload();
}

test('closed between any two steps of a write, the last that was put or deleted is what is found', { timeout: 120_000 }, async (t) => {
    const page = await open(await machine(t));
    for (const stop of STEPS)
        for (const before of [[], [{ text: 'before' }]])
            for (const writes of [[{ text: SECRET }], [{ text: 'a' }, { text: 'ab' }, { text: 'abc' }], [{ text: 'a' }, null], [null, { text: 'b' }]]) {
                const owner = `acc_${owners++}`, said = `${stop} ${JSON.stringify([before, writes])}`;
                await page.evaluate(async ([o, all]) => { const keep = await kept.Keep.of(o); for (const value of all) await keep.put('form/a', value); }, [owner, before]);
                await typeAndClose(page, owner, writes, stop);
                assert.deepEqual(await read(page, owner), writes.at(-1), said);
                assert.deepEqual(await items(page), [], `${said}: landed, so nothing is ahead`);
                await page.reload();
                assert.deepEqual(await read(page, owner), writes.at(-1), `${said}, once more`);
            }
    assert.deepEqual(page.faults, []);
});

test('closed between any two steps of catching up, it is caught up with the next time', { timeout: 60_000 }, async (t) => {
    const page = await open(await machine(t));
    for (const stop of STEPS) for (const last of [{ text: SECRET }, null]) {
        const owner = `acc_${owners++}`;
        await typeAndClose(page, owner, [{ text: 'before' }], 'nowhere');
        await read(page, owner);
        await typeAndClose(page, owner, [{ text: 'a' }, last], 'sealing');
        await page.evaluate(([o, at]) => { window.stopAt = at; void kept.Keep.of(o); }, [owner, stop]);
        await page.reload();
        assert.deepEqual(await read(page, owner), last, `${stop} ${JSON.stringify(last)}`);
        assert.deepEqual(await items(page), []);
    }
});

test('what is ahead says nothing to who reads it, nor its name, and nobody else\'s keys open it', async (t) => {
    const page = await open(await machine(t));
    await typeAndClose(page, 'acc_x', [{ text: SECRET }], 'sealing');
    const all = await items(page);
    assert.equal(all.length, 1);
    assert.match(all[0][0], /^shanqiao\.ahead\/acc_x\/[0-9a-f-]{36}$/);
    const bytes = Buffer.from(all[0][1], 'base64');
    for (const secret of [SECRET, 'form', 'text']) for (const encoding of ['utf8', 'utf16le']) assert.ok(!bytes.includes(Buffer.from(secret, encoding)) && !all[0][1].includes(secret));
    await page.evaluate(([[name, value]]) => localStorage.setItem(name.replace('acc_x', 'acc_y'), value), all);
    assert.equal(await read(page, 'acc_y'), null);
    await page.evaluate(([[name, value]]) => localStorage.setItem(name.slice(0, -1) + 'g', value.slice(0, -4) + 'AAAA'), all);
    assert.deepEqual(await read(page, 'acc_x'), { text: SECRET });
    assert.deepEqual(await items(page), [], 'what nobody can open is not kept');
});

test('a full localStorage loses no write, and one that lands takes the place of an older one that is ahead', async (t) => {
    const page = await open(await machine(t));
    const found = await page.evaluate(async () => {
        const keep = await kept.Keep.of('acc_full');
        const first = keep.put('form/a', 'first');
        for (let size = 1 << 22; size >= 1; size >>= 1) try { for (;;) localStorage.setItem(`filler ${size} ${Object.keys(localStorage).length}`, 'x'.repeat(size)); } catch { /* full */ }
        await Promise.all([first, keep.put('form/a', 'second')]);
        return [await keep.get('form/a'), Object.keys(localStorage).filter((k) => !k.startsWith('filler'))];
    });
    assert.deepEqual(found, ['second', []]);
});

test('a file goes the long way, and all of several or none', async (t) => {
    const page = await open(await machine(t));
    await page.evaluate(async () => {
        const keep = await kept.Keep.of('acc_files');
        void keep.put('form/a', 'typed');
        const landed = keep.put('file/1/0', new Blob(['picture'], { type: 'image/png' }));
        if (Object.keys(localStorage).length !== 1) throw new Error('a file is ahead');
        await landed;
        await keep.putAll([['form/a', 'sent'], ['outbox/1', { id: 1 }]]);
        window.stopAt = 'writing';
        await keep.putAll([['form/a', 'lost'], ['outbox/2', { id: 2 }]]).catch(() => undefined);
    });
    await page.reload();
    assert.deepEqual(await page.evaluate(async () => {
        const keep = await kept.Keep.of('acc_files');
        return [await keep.get('form/a'), await (await keep.get('file/1/0')).text(), await keep.names('outbox/')];
    }), ['sent', 'picture', ['outbox/1']]);
});

test('of two pages the newer write stays, whichever is closed', async (t) => {
    const context = await machine(t);
    const [one, two] = [await open(context), await open(context)];
    const hold = (page) => page.evaluate(async () => { window.keep = await kept.Keep.of('acc_two'); });
    await Promise.all([hold(one), hold(two)]); // begun together they have the same keys
    await one.evaluate(() => window.keep.put('form/b', 'of one'));
    assert.equal(await two.evaluate(() => window.keep.get('form/b')), 'of one');

    await one.evaluate(() => { window.stopAt = 'sealing'; void window.keep.put('form/a', 'older'); });
    await two.evaluate(() => new Promise((resolve) => setTimeout(resolve, 5)).then(() => window.keep.put('form/a', 'newer')));
    await one.reload();
    assert.equal(await read(one, 'acc_two'), 'newer');

    await hold(one);
    await one.evaluate(() => { window.stopAt = 'sealing'; void window.keep.put('form/a', 'typed last'); });
    await two.reload();
    assert.equal(await read(two, 'acc_two'), 'typed last', 'of a page that is still there');
    assert.deepEqual(await items(two), []);
});

test('a clock that was set back makes nothing old of what is typed after', async (t) => {
    const page = await open(await machine(t));
    await typeAndClose(page, 'acc_clock', ['before'], 'nowhere');
    await page.evaluate(async () => {
        const now = Date.now();
        Date.now = () => now - 86_400_000;
        const keep = await kept.Keep.of('acc_clock');
        await keep.get('form/a');
        window.stopAt = 'sealing';
        void keep.put('form/a', 'after');
    });
    await page.reload();
    assert.equal(await read(page, 'acc_clock'), 'after');
});

test('forgotten, nothing is left and nothing comes any more', async (t) => {
    const page = await open(await machine(t));
    const left = await page.evaluate(async () => {
        const keep = await kept.Keep.of('acc_gone');
        void keep.put('form/a', 'typed');
        void keep.put('file/1/0', new Blob(['picture']));
        await keep.forget();
        await keep.put('form/a', 'late');
        await keep.put('file/2/0', new Blob(['late']));
        const db = await new Promise((resolve) => { const request = indexedDB.open('shanqiao'); request.onsuccess = () => resolve(request.result); });
        const names = (store) => new Promise((resolve) => { const request = db.transaction(store).objectStore(store).getAllKeys(); request.onsuccess = () => resolve(request.result); });
        return [await names('records'), await names('keys'), Object.keys(localStorage)];
    });
    assert.deepEqual(left, [[], [], []]);
});

test('what a key costs', async (t) => {
    const page = await open(await machine(t));
    const ms = await page.evaluate(async () => {
        const keep = await kept.Keep.of('acc_cost'), cost = {};
        for (const [size, turns] of [[2000, 200], [40_000, 30]]) {
            const value = { text: '痛'.repeat(size) };
            let spent = 0;
            for (let i = 0; i < turns; i++) {
                const began = performance.now();
                const landed = keep.put('form/a', value);
                spent += performance.now() - began;
                await landed;
            }
            cost[`${size}_characters_ms`] = Math.round(spent / turns * 100) / 100;
        }
        return cost;
    });
    t.diagnostic(JSON.stringify(ms));
    assert.ok(ms['2000_characters_ms'] < 16, 'a key is seen in the next picture');
});
