// SPDX-License-Identifier: Apache-2.0
// What a browser holds a page to, seen from within: the policy is in force, nobody else is asked for anything, the session
// is out of reach of scripts and of foreign pages, what was typed is sealed, the lock hides it, and a newer build is told.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { remove, temporaryFolder, until } from '../support.mjs';
import { besideLock, everythingKept, injected, kept, seenOf } from './within.mjs';
import { emergency, go, signOut } from './steps.mjs';
import { PAGES, firstLoad, signIn, startChromium, startWorld } from './world.mjs';

const COMPLAINT = '夜间阵发性呼吸困难';
const NAME = '保密患者';
const SECRETS = [NAME, COMPLAINT];
const COOKIE = '__Host-shanqiao';
let folder, pages, world, context, page;

before(async () => {
    folder = temporaryFolder();
    pages = `${folder}/pages`;
    cpSync(PAGES, pages, { recursive: true });
    world = await startWorld(folder, { pages });
    context = await startChromium(`${folder}/browser`);
    page = await signIn(context, world, 'village');
});

after(async () => {
    await context?.close();
    await world?.stop();
    remove(folder);
});

/** The server's answer to somebody who is no browser. */
function ask(method, path, headers = {}, body = '') {
    return new Promise((resolve, reject) => {
        const request = https.request(new URL(path, world.https), { method, rejectUnauthorized: false, headers: { 'content-length': Buffer.byteLength(body), ...headers } }, (reply) => {
            let text = '';
            reply.on('data', (part) => { text += part; });
            reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text }));
        });
        request.on('error', reject);
        request.end(body);
    });
}

const nonceOf = (policy) => /script-src [^;]*'nonce-([\w-]+)'/.exec(policy)?.[1];

test('each answer has a nonce of its own, that of the service worker too', async () => {
    const nonces = [];
    for (let i = 0; i < 2; i++) {
        const { headers, text } = await ask('GET', '/');
        const nonce = nonceOf(headers['content-security-policy']);
        assert.ok(nonce && text.includes(`nonce="${nonce}"`), 'policy and page name the same');
        nonces.push(nonce);
    }
    const kept = [];
    await page.evaluate(() => navigator.serviceWorker.ready);
    for (let i = 0; i < 3; i++) {
        const reply = await page.reload();
        await page.locator('.shell-top').waitFor();
        assert.ok(reply.fromServiceWorker(), 'a second start comes from what is kept');
        const policy = (await reply.allHeaders())['content-security-policy'], nonce = nonceOf(policy);
        assert.equal(await page.evaluate(() => document.querySelector('script').nonce), nonce, 'the script that ran has it');
        assert.deepEqual(policy.replaceAll(nonce, ''), (await ask('GET', '/')).headers['content-security-policy'].replace(/nonce-[\w-]+/g, 'nonce-'), 'else it is the policy of the server');
        kept.push(nonce);
    }
    assert.equal(new Set([...nonces, ...kept]).size, 5, `of ${nonces} and ${kept}`);
});

test('what slipped into a page neither runs nor loads, and the page is told', async () => {
    const { ran, told } = await injected(page);
    assert.deepEqual(ran, [], 'nothing of it had an effect');
    for (const directive of ['script-src-elem', 'script-src-attr', 'script-src', 'style-src-elem', 'style-src-attr', 'img-src', 'connect-src', 'frame-src'])
        assert.ok(told.some((d) => d === directive || (directive === 'frame-src' && d === 'default-src')), `${directive} of ${told}`);
    const reply = await page.reload();
    assert.ok(reply.fromServiceWorker());
    await page.locator('.shell-top').waitFor();
    assert.deepEqual((await injected(page)).ran, [], 'nor into a page that was kept');
});

test('a whole tour asks nobody but the server', { timeout: 60_000 }, async (t) => {
    const asked = [];
    const note = (request) => asked.push(request.url());
    context.on('request', note);
    page.on('websocket', (socket) => asked.push(socket.url()));
    const faults = [];
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) faults.push(message.text()); });
    let stops = 0;
    for (const name of ['village', 'specialist', 'coordinator', 'quality', 'operator']) {
        if (name !== 'village') {
            await signOut(page);
            await signIn({ pages: () => [], newPage: () => page }, world, name);
        }
        for (const link of await page.locator('.shell-menu a').all()) {
            await link.click();
            await page.locator('.shell-menu a[aria-current=page]').waitFor();
            await until(async () => await page.locator('#content').getByText(/加载中|正在加载/).count() === 0, 'the page is loaded');
            stops++;
        }
    }
    context.off('request', note);
    const foreign = asked.filter((url) => !/^(blob|data):/.test(url) && new URL(url).host !== new URL(world.https).host);
    assert.deepEqual(foreign, []);
    assert.ok(asked.length > 20 && stops > 12, `${asked.length} requests, ${stops} stops`);
    t.diagnostic(JSON.stringify({ requests: asked.length, stops, people: 5 }));
    assert.deepEqual(faults, [], 'and the console has nothing to say');
    await signOut(page);
    page = await signIn({ pages: () => [], newPage: () => page }, world, 'village');
});

test('no script can reach the session, and what was typed is sealed', async () => {
    const cookie = (await context.cookies()).find((c) => c.name === COOKIE);
    assert.ok(cookie?.httpOnly && cookie.secure && cookie.sameSite === 'Strict' && cookie.path === '/', JSON.stringify(cookie));
    await page.getByRole('button', { name: '开始会诊' }).click();
    await page.getByLabel('姓名').fill(NAME);
    await until(async () => (await kept(page)).some((name) => name.includes('/draft/')), 'the draft is kept');
    const url = page.url();
    const all = await page.evaluate(everythingKept);
    assert.ok(all.includes('acc_village'), 'what is kept was found');
    for (const secret of [cookie.value, decodeURIComponent(cookie.value)])
        assert.ok(!all.includes(secret) && !url.includes(secret), 'the token is in nothing that a script can read');
    assert.equal(await page.evaluate(() => document.cookie), '');
    assert.ok(!all.includes(NAME), 'the name is sealed');
    assert.equal(await page.evaluate(async () => {
        const db = await new Promise((resolve) => { const open = indexedDB.open('shanqiao'); open.onsuccess = () => resolve(open.result); });
        const keys = await new Promise((resolve) => { const all = db.transaction('keys').objectStore('keys').getAll(); all.onsuccess = () => resolve(all.result); });
        db.close();
        return (await Promise.all(keys.map((key) => crypto.subtle.exportKey('raw', key).then(() => 'given out', (e) => e.name)))).join();
    }), 'InvalidAccessError', 'its key is not given out');
    await page.reload();
    await page.getByLabel('姓名').waitFor();
    assert.equal(await page.getByLabel('姓名').inputValue(), NAME, 'and it is all there after a reload');
});

test('foreign pages are refused, over the wire and over HTTP', async () => {
    const own = new URL(world.https).origin;
    const socket = (origin) => new Promise((resolve, reject) => {
        const s = new WebSocket(world.url, 'shanqiao.v1', { rejectUnauthorized: false, ...(origin ? { origin } : {}) });
        s.on('open', () => { s.close(); resolve(101); });
        s.on('unexpected-response', (request, reply) => { request.destroy(); resolve(reply.statusCode); });
        s.on('error', reject);
    });
    assert.equal(await socket(own), 101);
    for (const origin of ['https://evil.example', own.replace('https', 'http'), `${own}.evil.example`, 'null']) assert.equal(await socket(origin), 403, origin);

    const { value } = (await context.cookies()).find((c) => c.name === COOKIE);
    const cookie = { cookie: `${COOKIE}=${value}`, 'tus-resumable': '1.0.0' };
    for (const [method, path] of [['POST', '/materials/'], ['PATCH', '/materials/upl_none'], ['DELETE', '/v1/session']]) {
        for (const more of [{ origin: 'https://evil.example' }, { origin: 'null' }, {}])
            assert.equal((await ask(method, path, { ...cookie, ...more })).status, 403, `${method} ${path} ${JSON.stringify(more)}`);
        assert.notEqual((await ask(method, path, { ...cookie, origin: own })).status, 403, `${method} by a page of ours`);
    }
});

test('a session that is ended elsewhere closes the page', async () => {
    await go(page, 'home');
    const second = await startChromium(`${folder}/second`);
    try {
        const other = await second.newPage();
        await firstLoad(other, world.https);
        await other.locator('input[autocomplete=username]').fill('acc_village');
        await other.locator('input[type=password]').fill(world.passwords.village);
        await other.locator('button[type=submit]').click();
        await other.getByRole('button', { name: '在这里继续' }).click();
        await other.locator('.shell-top').waitFor();
        await page.getByText('您的账号在别处登录，此处已退出。').waitFor();
        assert.equal(await page.locator('.shell-menu').count(), 0, 'nothing of the former page is left');

        const admin = await world.signedIn('admin');
        await admin.call('account.revokeSessions', { accountId: 'acc_village' });
        admin.close();
        await other.getByText('您的登录已被管理员收回。').waitFor();
        await other.reload();
        await other.locator('input[type=password]').waitFor();
        assert.equal(await other.locator('.shell-top').count(), 0, 'nor does a reload bring it back');
    } finally {
        await second.close();
    }
});

test('unattended for its time the page locks, hides who is treated, and keeps what was typed', async () => {
    await page.evaluate(() => localStorage.clear()); // another day: nobody is signed in
    await page.close();
    page = await context.newPage();
    await page.clock.install();
    await signIn({ pages: () => [], newPage: () => page }, world, 'village');
    await page.getByRole('button', { name: '开始会诊' }).click();
    await page.getByLabel('姓名').fill(NAME);
    await page.getByRole('button', { name: '下一步' }).click();
    await page.getByLabel('主诉').fill(COMPLAINT);
    await go(page, 'new', decodeURIComponent(new URL(page.url()).hash.split('/')[2]), 'send');
    await page.getByText(COMPLAINT).first().waitFor();
    assert.deepEqual(await page.evaluate(seenOf, SECRETS), SECRETS, 'they are there');
    await page.clock.fastForward('09:30');
    assert.equal(await page.locator('.locked').count(), 0, 'not before its time');
    await page.clock.fastForward('00:45');
    await page.locator('.locked').waitFor();
    await hidden();

    const focused = await page.evaluate(() => document.activeElement.type);
    assert.equal(focused, 'password', 'one can type at once');
    for (let i = 0; i < 8; i++) {
        await page.keyboard.press('Tab');
        assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('.locked') !== null), 'keys stay in the lock');
    }
    for (let i = 0; i < 2; i++) await page.keyboard.press('Escape');
    await hidden();

    await page.locator('.locked input').fill('not the password');
    await page.getByRole('button', { name: '解锁' }).click();
    await page.locator('.locked [role=alert]').waitFor();
    await page.reload();
    await page.locator('.locked').waitFor(); // nor does a reload open it
    await hidden();
    await unlock();
    await page.getByText(COMPLAINT).first().waitFor();
    assert.deepEqual(await page.evaluate(seenOf, SECRETS), SECRETS, 'all that was typed is there again');
});

const unlock = async () => {
    await page.locator('.locked input').fill(world.passwords.village);
    await page.locator('.locked input').press('Enter');
    await page.locator('.locked').waitFor({ state: 'detached' });
};

/** On the screen, for a screen reader, and at the edges of the lock. */
async function hidden() {
    assert.deepEqual(await page.evaluate(seenOf, SECRETS), []);
    const tree = await page.locator('body').ariaSnapshot();
    assert.ok(tree.includes('已锁定') && !SECRETS.some((secret) => tree.includes(secret)), tree);
    assert.equal(await page.evaluate(besideLock), 0, 'the lock covers the whole page');
}

test('a question that stands open does not keep the lock shut', async () => {
    await page.getByRole('button', { name: '删除草稿' }).click();
    await page.locator('dialog[open]').waitFor();
    await page.clock.fastForward('10:15');
    await page.locator('.locked').waitFor();
    await hidden();
    await unlock();
    await page.locator('dialog[open]').getByRole('button', { name: '取消' }).click();
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
});

/** Another build as the server sees one: whole at once, by another name. */
function publish(version) {
    const next = readFileSync(`${PAGES}/sw.js`, 'utf8').replace(/pages-[\w-]+/, `pages-${version}`);
    assert.ok(next.includes(`pages-${version}`));
    for (const [name, bytes] of [['sw.js', next]]) {
        writeFileSync(`${pages}/.next`, bytes);
        renameSync(`${pages}/.next`, `${pages}/${name}`);
    }
    remove(`${pages}/sw.js.gz`);
    return until(async () => (await ask('GET', '/sw.js')).text.includes(`pages-${version}`), 'the server serves the newer build');
}

const waits = (page) => until(() => page.evaluate(() => navigator.serviceWorker.getRegistration().then((r) => { void r.update().catch(() => 0); return r.waiting !== null; })), 'the newer build waits');
const build = (page) => page.evaluate(() => caches.keys().then((names) => names.join()));

test('a newer build is told and taken on request, by itself only at a start, and never in a call', { timeout: 60_000 }, async () => {
    const fresh = await startChromium(`${folder}/fresh`);
    try {
        const page = await signIn(fresh, world, 'village_2');
        await page.evaluate(() => navigator.serviceWorker.ready);
        await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null), 'the pages are kept');
        const first = await build(page);
        await publish('second');
        await waits(page);
        const told = page.getByRole('button', { name: '使用新版本' });
        await told.waitFor();
        assert.ok((await build(page)).includes(first), 'the present one is still whole');
        await told.click();
        await until(() => build(page).then((b) => b === 'pages-second').catch(() => false), 'the page came back as the second');
        await page.locator('.shell-top').waitFor();
        assert.equal(await told.count(), 0);

        await publish('third');
        await waits(page);
        await page.reload();
        await until(async () => {
            if (await told.isVisible()) await page.reload(); // it was ready a moment after that start: at the next one then
            return build(page).then((b) => b === 'pages-third').catch(() => false);
        }, 'it is taken at a start');
        await page.locator('.shell-top').waitFor();

        const second = await world.signedIn('second');
        await second.call('duty.set', { panelId: 'pan_emergency', onDuty: true });
        await publish('fourth');
        await go(page, 'home');
        await emergency(page);
        await page.locator('.call-self video').waitFor();
        await waits(page);
        await go(page, 'home');
        await page.locator('.call-dock').waitFor();
        assert.equal(await told.count(), 0, 'not a word in a call');
        await page.reload();
        await page.locator('.call-dock, .call-self').first().waitFor();
        assert.equal(await page.evaluate(() => navigator.serviceWorker.getRegistration().then((r) => r.waiting !== null)), true, 'nor is it taken in one');
        second.close();
    } finally {
        await fresh.close();
    }
});
