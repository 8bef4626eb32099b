// SPDX-License-Identifier: Apache-2.0
// The village doctor's machine: nothing that was entered is lost by a reload or by a server that is away, none of it
// lies there readable, and it arrives once. Then what comes back: a returned request, times, consent that is withdrawn.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { VILLAGE, remove, temporaryFolder, until } from '../support.mjs';
import { CASE, fillForm, go } from './steps.mjs';
import { REQUEST, signIn, startChromium, startWorld } from './world.mjs';

const NAME = '甲乙丙测试';
const COMPLAINT = '右上腹绞痛三小时伴呕吐';
const BACK_MS = 60_000; // for a server to start and the page to find it, on a busy machine
const PHOTO = CASE.files[0];
const REQUESTED = { ...REQUEST, kind: 'live', panelId: 'pan_cardiology', candidateTimes: [{ start: inDays(3, 9), end: inDays(3, 10) }] };

const cleanup = [];
const stored = []; // all that a page ever put into localStorage or sessionStorage, also for a moment
let world, folder;

function inDays(days, hour) {
    const date = new Date(Date.now() + days * 86_400_000);
    return new Date(date.getFullYear(), date.getMonth(), date.getDate(), hour).toISOString();
}

before(async () => {
    folder = temporaryFolder();
    world = await startWorld(folder);
});

after(async () => {
    for (const one of cleanup.reverse()) await one();
    await world.stop();
    remove(folder);
});

async function pageOf(name) {
    const context = await startChromium(`${folder}/${name}`, { who: VILLAGE });
    cleanup.push(() => context.close());
    await context.exposeBinding('wasStored', (_, text) => stored.push(text));
    await context.addInitScript(() => {
        const { setItem } = Storage.prototype;
        Storage.prototype.setItem = function (name, value) { setItem.call(this, name, value); void window.wasStored(`${name}=${value}`); };
    });
    return signIn(context, world, name);
}

async function wireOf(name) {
    const wire = await world.signedIn(name);
    cleanup.push(() => wire.close());
    return wire;
}

const button = (page, name) => page.getByRole('button', { name, exact: true });

/** The step of the form that is open, by its name in the address. */
async function toStep(page, step) {
    await page.evaluate((s) => { location.hash = location.hash.replace(/\/[a-z]+$/, `/${s}`); }, step);
    await page.waitForURL((url) => url.hash.endsWith(`/${step}`));
}

/** All that the browser holds, as text in each way that text is written down. */
function everythingKept(page) {
    return page.evaluate(async () => {
        const texts = [location.href, JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
        const read = (bytes) => { for (const encoding of ['utf-8', 'utf-16le', 'gb18030']) texts.push(new TextDecoder(encoding).decode(bytes)); };
        const walk = (value) => {
            if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) read(value);
            else if (value && typeof value === 'object' && !(value instanceof CryptoKey)) Object.values(value).forEach(walk);
            else texts.push(String(value));
        };
        const ask = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
        let records = 0;
        for (const { name } of await indexedDB.databases()) {
            const db = await ask(indexedDB.open(name));
            for (const store of db.objectStoreNames) {
                const [keys, values] = [await ask(db.transaction(store).objectStore(store).getAllKeys()), await ask(db.transaction(store).objectStore(store).getAll())];
                records += values.length;
                keys.forEach(walk);
                for (const value of values) walk(value instanceof Blob ? await value.arrayBuffer() : value);
            }
            db.close();
        }
        const cached = []; // code too
        for (const key of await caches.keys())
            for (const request of await (await caches.open(key)).keys()) cached.push(request.url, await (await caches.match(request)).text());
        return { text: texts.join('\n'), cached: cached.join('\n'), records };
    });
}

async function nothingReadable(page) {
    const { text, cached, records } = await everythingKept(page);
    assert.ok(records > 3, 'something is kept');
    for (const secret of [NAME, COMPLAINT, CASE.allergy, 'JFIF', 'OpusHead']) assert.ok(!text.includes(secret), `${secret} lies readable in the browser`);
    for (const secret of [NAME, COMPLAINT]) assert.ok(!cached.includes(secret), `${secret} lies in a cache`);
    assert.ok(stored.some((one) => one.startsWith('shanqiao.ahead/')), 'what is typed is written ahead');
    const ways = stored.flatMap((one) => { const bytes = Buffer.from(one.slice(one.indexOf('=') + 1), 'base64'); return [one, bytes.toString('utf8'), bytes.toString('utf16le')]; });
    for (const secret of [NAME, COMPLAINT, CASE.allergy]) assert.ok(!ways.some((text) => text.includes(secret)), `${secret} lay readable for a moment`);
}

let village;

test('a reload in the middle of typing and of speaking loses nothing, and nothing of it lies readable', { timeout: 120_000 }, async () => {
    village = await pageOf('village');
    await fillForm(village, { ...CASE, name: NAME, complaint: COMPLAINT });
    await toStep(village, 'complaint');
    await village.getByRole('button', { name: '说一段话' }).click();
    await village.getByText(/正在录音 0:0[2-9]/).waitFor();
    await village.getByLabel('主诉').pressSequentially('，向右肩放射');
    await village.reload(); // still speaking, and the server has not got the last words
    await village.locator('.village-note audio').waitFor();
    assert.equal(await village.getByLabel('主诉').inputValue(), `${COMPLAINT}，向右肩放射`);
    await until(() => village.locator('.village-note audio').evaluate((a) => a.duration > 1), 'the voice note that can be heard again');
    await toStep(village, 'files');
    await village.locator('.village-files').getByText('medical_fundus_retina.jpg').waitFor();
    await toStep(village, 'who');
    assert.equal(await village.getByLabel('姓名').inputValue(), NAME);
    await toStep(village, 'consent');
    await village.locator('img.village-sign').waitFor();
    await nothingReadable(village);
});

test('what is sent while the server is down waits, is seen waiting over a reload, and goes once when it is back', { timeout: 170_000 }, async (t) => {
    await world.order('stop signaling');
    await village.getByText('网络已断开').first().waitFor();
    await toStep(village, 'send');
    await button(village, '发送申请').click();
    await village.getByRole('heading', { name: '等待网络' }).waitFor();
    await village.reload();
    await go(village, 'outbox');
    await village.locator('.outbox-item').filter({ hasText: '提交会诊申请' }).waitFor();
    await nothingReadable(village);

    const began = Date.now();
    await world.order('start signaling');
    await village.getByText('全部已发送').first().waitFor({ timeout: BACK_MS });
    t.diagnostic(JSON.stringify({ outbox_empty_after_ms: Date.now() - began }));
    await village.reload();
    await go(village, 'cases');
    await village.locator('.village-row').first().waitFor();
    assert.equal(await village.locator('.village-row').filter({ hasText: NAME }).count(), 1);
    const coordinator = await wireOf('coordinator');
    const { consultations } = await coordinator.call('consultation.list', {});
    assert.equal(consultations.filter((c) => c.applicant.id === 'acc_village').length, 1);

    const materials = await specialistSees(consultations[0].id);
    const photo = materials.find((m) => m.type === 'photo' && m.name === 'medical_fundus_retina.jpg');
    assert.equal(photo?.sha256, createHash('sha256').update(readFileSync(PHOTO)).digest('hex'));
    assert.equal(materials.filter((m) => m.type === 'audio').length, 1);
    assert.equal(materials.filter((m) => m.type === 'vitals').length, 1);
    assert.deepEqual(village.faults.filter((fault) => !/ERR_CONNECTION_REFUSED|WebSocket|Failed to load resource/.test(fault)), []);
});

/** Reopened where nobody was on duty before, it rings. */
async function specialistSees(id) {
    const specialist = await wireOf('specialist');
    await specialist.call('duty.set', { panelId: 'pan_cardiology', onDuty: true });
    const coordinator = await wireOf('coordinator');
    const { consultation } = await coordinator.call('consultation.get', { id });
    if (consultation.state !== 'routed') await coordinator.call('consultation.reopen', { id });
    await specialist.until('consultation.ring');
    return (await specialist.call('material.list', { consultationId: id })).materials;
}

test('a returned request is completed and sent again, a free time is agreed on, consent is withdrawn', { timeout: 120_000 }, async () => {
    const asked = await wireOf('village_2'), coordinator = await wireOf('coordinator'), specialist = await wireOf('specialist');
    await specialist.call('duty.set', { panelId: 'pan_cardiology', onDuty: true });
    const { slots } = await specialist.call('schedule.offer', { panelId: 'pan_cardiology', start: inDays(2, 9), end: inDays(2, 10), slotMinutes: 30 });
    const { consultation: { id } } = await asked.call('consultation.submit', REQUESTED);
    await coordinator.call('consultation.return', { id, reason: '请补充心电图结果' });
    asked.close();

    const page = await pageOf('village_2');
    await page.locator('.village-todo').getByRole('link', { name: '补充后再提交' }).click();
    await page.getByText('请补充心电图结果').first().waitFor();
    await button(page, '补充后再提交').click();
    await page.waitForURL((url) => url.hash.endsWith('/send'));
    await toStep(page, 'record');
    await page.getByLabel('检查结果').fill('心电图：窦性心律，ST 段未见抬高');
    await toStep(page, 'send');
    await page.getByText('必填内容已齐全').waitFor();
    await button(page, '发送申请').click();
    await page.waitForURL((url) => url.hash === `#/case/${id}`);
    await coordinator.call('consultation.triage', { id });
    await specialist.call('consultation.accept', { id });

    await page.getByRole('heading', { name: '约定时间' }).waitFor();
    const free = page.locator('.village-slots').last().getByRole('button'); // above it: the times that were asked for
    await until(async () => (await free.count()) === slots.length, 'the free times of the panel');
    await free.first().click();
    await page.getByText(/^已约定/).first().waitFor();
    const { consultation } = await coordinator.call('consultation.get', { id });
    assert.equal(consultation.state, 'scheduled');
    assert.equal(Date.parse(consultation.slot.start), Date.parse(slots[0].start));
    await page.getByText('心电图：窦性心律，ST 段未见抬高').first().waitFor();

    await page.getByRole('link', { name: '知情同意' }).click();
    await page.getByRole('button', { name: '撤回: 同意把病历资料提供给受邀医院' }).click();
    const dialog = page.locator('dialog[open]');
    await page.evaluate(() => { SubtleCrypto.prototype.encrypt = () => new Promise(() => 0); }); // so slow a machine that nothing is sealed in time
    await dialog.getByLabel('撤回的原因').pressSequentially('家属改变主意');
    await page.reload();
    await page.getByRole('button', { name: '撤回: 同意把病历资料提供给受邀医院' }).click();
    await until(async () => (await dialog.getByLabel('撤回的原因').inputValue()) === '家属改变主意', 'the reason that was typed before the reload');
    await dialog.getByRole('button', { name: '撤回', exact: true }).click();
    await page.getByText('已撤回').first().waitFor();
    await page.getByText('家属改变主意').first().waitFor();
    const ended = (await coordinator.call('consultation.get', { id })).consultation;
    assert.deepEqual([ended.state, ended.reason], ['cancelled', 'consent_withdrawn']);
    await go(page, 'case', id);
    await page.getByText('患者撤回了知情同意').first().waitFor();
    assert.deepEqual(page.faults, []);
});

/** Two connections can't be: the page that was opened last has it, the other goes on without. */
test('two pages that send while the server is down, and one that is gone back to: each request arrives once', { timeout: 170_000 }, async () => {
    await village.context().pages().filter((p) => p !== village).reduce((done, p) => done.then(() => p.close()), Promise.resolve());
    await go(village, 'home');
    await fillForm(village, { ...CASE, name: '前一页', files: [] });
    const second = await village.context().newPage();
    await second.goto(world.https);
    await fillForm(second, { ...CASE, name: '后一页', files: [] });
    await village.getByText('在这里使用').first().waitFor();
    await world.order('stop signaling');
    await second.getByText('网络已断开').first().waitFor();
    for (const page of [village, second]) {
        await button(page, '发送申请').click();
        await page.getByRole('heading', { name: '等待网络' }).waitFor();
    }
    await second.goBack();
    await second.waitForURL((url) => url.hash.startsWith('#/sent/'));
    assert.equal(await button(second, '发送申请').count(), 0, 'what was sent is not sent again');
    await go(second, 'outbox');
    for (const name of ['前一页', '后一页']) await second.locator('.outbox-item h2').filter({ hasText: `提交会诊申请 · ${name}` }).waitFor();
    await world.order('start signaling');
    await second.getByText('全部已发送').first().waitFor({ timeout: BACK_MS });
    await go(second, 'cases');
    await second.locator('.village-row').nth(1).waitFor();
    for (const name of ['前一页', '后一页']) assert.equal(await second.locator('.village-row').filter({ hasText: name }).count(), 1, name);
    await second.close();
});

/** Answers the page in the server's place, as a server does that refuses. */
async function refuseSubmits(page) {
    const error = { code: -32001, message: 'x', data: { error: 'SQ_ERR_INVAL', remedy: { 'zh-CN': '请重新选择时间。', en: 'Choose another time.' } } };
    await page.routeWebSocket(/\/v1$/, (socket) => {
        const real = socket.connectToServer();
        socket.onMessage((text) => {
            const { id, method } = JSON.parse(text);
            if (method === 'consultation.submit' && page.refusing) socket.send(JSON.stringify({ jsonrpc: '2.0', id, error }));
            else real.send(text);
        });
    });
}

test('a request that is refused goes back to the form from wherever it is seen, and is a draft again when it is not to be sent', { timeout: 120_000 }, async () => {
    const page = await village.context().newPage();
    page.refusing = true;
    await refuseSubmits(page);
    await page.goto(world.https);
    await fillForm(page, { ...CASE, name: '未被接收者', files: [] });
    await button(page, '发送申请').click();
    await page.getByText('请重新选择时间。').first().waitFor();
    for (const place of ['home', 'cases']) {
        await go(page, place);
        await page.locator('.village-todo').filter({ hasText: '未被接收者' }).getByRole('link', { name: '返回修改' }).waitFor();
    }
    await go(page, 'outbox');
    await button(page, '返回修改').click();
    await page.waitForURL((url) => url.hash.endsWith('/send'));
    await button(page, '发送申请').click();
    await page.getByText('请重新选择时间。').first().waitFor();
    await go(page, 'outbox');
    await page.getByRole('button', { name: '不再发送: 提交会诊申请 · 未被接收者' }).click();
    await page.locator('dialog[open]').getByText('退回为草稿“未被接收者”').waitFor();
    await page.locator('dialog[open]').getByRole('button', { name: '不再发送', exact: true }).click();
    await page.getByText('全部已发送').waitFor();
    await go(page, 'home');
    page.refusing = false;
    await page.locator('.village-todo').filter({ hasText: '未被接收者' }).getByRole('link', { name: '继续填写' }).click(); // where it was left
    await page.getByText('保存在本机').first().waitFor(); // vital signs and the signature are
    await button(page, '退出登录').click();
    await page.getByText('没有送达服务器。现在退出').waitFor();
    await button(page, '先不退出').click();
    await page.goBack();
    await button(page, '发送申请').click();
    await page.waitForURL((url) => url.hash.startsWith('#/case/'));
});
