// SPDX-License-Identifier: Apache-2.0
// A specialist's day: on duty, rung with sound and notification, refuses with a reason; claims a reading, writes from a
// template, goes on at another machine, signs, and later reads what became of it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { People } from '../gallery/people.mjs';
import { remove, temporaryFolder, until } from '../support.mjs';
import { caseWith, file } from './materials.mjs';
import { go, goOnDuty, refuse, ring, signOpinion } from './steps.mjs';
import { REQUEST, startWorld } from './world.mjs';

const REASON = '正在处理其他患者';
const FINDING = '双肺野清晰，心影不大';
const SECRET = [REQUEST.patient.name, REQUEST.complaint, '云岭村'];

/** Runs in the page before it: notes what rings and what is notified. */
function watchRings() {
    window.tones = 0;
    window.notices = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...argv) { window.tones++; return start.apply(this, argv); };
    window.Notification = class {
        static permission = 'granted';
        static requestPermission = async () => 'granted';
        constructor(title, how) { window.notices.push({ title, ...how }); }
        close() { window.notices.at(-1).closed = true; }
    };
    document.hasFocus = () => false; // somebody looks at another window
}

async function rungAndRefused(people) {
    const page = await people.page('specialist');
    await page.addInitScript(watchRings);
    await page.reload();
    await goOnDuty(page);
    const village = await people.wire('village');
    const { consultation } = await village.call('consultation.submit', { ...REQUEST, kind: 'live', panelId: 'pan_cardiology' });
    assert.equal(await ring(page), consultation.id);
    await until(() => page.evaluate(() => window.tones > 0), 'a sound');
    const notices = await page.evaluate(() => window.notices);
    assert.equal(notices.length, 1);
    for (const word of SECRET) assert.ok(!JSON.stringify(notices).includes(word), `${word} is on nobody's screen`);
    await until(async () => (await page.title()).includes('呼叫'), 'the title says it');
    await refuse(page, REASON);
    await until(() => page.evaluate(() => window.notices[0].closed), 'the notification goes');
    await until(async () => JSON.stringify(await village.call('consultation.get', { id: consultation.id })).includes(REASON), 'the village reads the reason');
    return page;
}

/** The village takes its request back while the page of it is open: nothing of the patient stays there. */
async function takenBack(people, page) {
    const village = await people.wire('village');
    const { consultation } = await village.call('consultation.submit', { ...REQUEST, kind: 'live', panelId: 'pan_cardiology' });
    await ring(page);
    await go(page, 'consult', consultation.id);
    await page.locator('.specialist-actions .button.huge').waitFor();
    await page.locator('main').getByText(REQUEST.complaint).first().waitFor();
    await village.call('consultation.cancel', { id: consultation.id, reason: '已好转' });
    await until(async () => { const text = await page.locator('main').innerText(); return !text.includes(REQUEST.complaint) && !text.includes(REQUEST.patient.name); }, 'the patient leaves the page');
    assert.equal(await page.locator('.specialist-actions').count(), 0);
}

/** Reads nothing clinical before it is claimed; the reading's id. */
async function claimed(people, page) {
    const village = await people.wire('village');
    const { id } = await caseWith(people.world, village, { ...REQUEST, kind: 'reading', panelId: 'pan_radiology' }, [{ name: 'chest.dcm', type: 'dicom', content: file('chest_dx_nih_512.dcm') }]);
    await go(page, 'readings');
    await page.locator('.specialist-task').waitFor();
    for (const word of SECRET.slice(0, 2)) assert.ok(!(await page.locator('main').innerText()).includes(word), `${word} before the claim`);
    await page.getByRole('button', { name: '领取', exact: true }).click();
    await page.waitForURL((url) => url.hash === `#/write/${id}`);
    return id;
}

async function written(page) {
    await page.getByRole('button', { name: '模板', exact: true }).click();
    await page.locator('dialog[open] .opinion-template-use').first().click();
    const findings = page.locator('textarea[name=findings]');
    await until(async () => (await findings.inputValue()).length > 4, 'the template in its fields');
    for (const field of await page.locator('textarea.opinion-area').all()) {
        const text = await field.inputValue();
        if (text.includes('____')) await field.fill(text.replaceAll('____', '无'));
    }
    await findings.fill(FINDING);
    await page.getByText('已保存', { exact: true }).waitFor();
}

/** Signed in on another machine, which asks whether to go on there. */
async function elsewhere(people, id) {
    const page = await (await people.context('reader')).newPage();
    await page.goto(people.world.https);
    await page.locator('input[autocomplete=username]').fill('acc_reader');
    await page.locator('input[type=password]').fill(people.world.passwords.reader);
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: '在这里继续' }).click();
    await page.locator('.shell-top').waitFor();
    await go(page, 'write', id);
    return page;
}

const findingsOf = (page) => until(async () => (await page.locator('textarea[name=findings]').inputValue()) === FINDING, 'the draft as it was written');

async function outcome(people, page, id) {
    const village = await people.wire('village');
    await until(async () => (await village.call('consultation.get', { id })).consultation.state === 'delivered', 'the delivery');
    await village.call('consultation.acknowledge', { id });
    await village.call('consultation.outcome', { id, outcome: '县医院 CT 未见异常，三天后好转', concordance: 'agrees', avoidedTransfer: true });
    await page.getByText('收到一份结果反馈').waitFor();
    await go(page, 'outcomes');
    const row = page.locator('.specialist-row', { hasText: '三天后好转' });
    await row.waitFor();
    assert.match(await row.innerText(), /新[\s\S]*与意见一致[\s\S]*避免了转诊/);
}

/** What is printed is the opinion with whose it is and how it was signed, and nothing else of the page. */
async function paper(page, id) {
    for (const place of ['consult', 'write']) {
        await go(page, place, id);
        await page.locator('.opinion-document').first().waitFor();
        await page.locator('.opinion-hash').first().waitFor({ state: 'attached' }); // it comes by its own reply
        await page.emulateMedia({ media: 'print' });
        const text = await page.locator('body').innerText();
        for (const wanted of ['远程会诊意见书', id, FINDING, 'SHA-256', REQUEST.complaint]) assert.ok(text.includes(wanted), `${wanted} on the paper of ${place}`);
        assert.equal(await page.locator('.specialist-head, .specialist-columns, .specialist-left, .shell-top').filter({ visible: true }).count(), 0, `the opinion alone on the paper of ${place}`);
        await page.emulateMedia({ media: 'screen' });
        await page.getByText('远程会诊意见书').waitFor({ state: 'hidden' });
    }
}

test("a specialist's duty, readings, drafts and what came of them", { timeout: 120_000 }, async (t) => {
    const folder = temporaryFolder();
    const world = await startWorld(folder);
    const people = new People(world, folder);
    t.after(async () => { await people.end(); await world.stop(); remove(folder); });
    await t.test('rung, heard, notified of, refused with a reason', async () => {
        const page = await rungAndRefused(people);
        await takenBack(people, page);
        assert.deepEqual(page.faults, []);
    });
    await t.test('a reading from the worklist to its outcome', async () => {
        const page = await people.page('reader');
        await goOnDuty(page, '影像会诊组');
        const id = await claimed(people, page);
        await written(page);
        await page.reload();
        await findingsOf(page);
        const other = await elsewhere(people, id);
        await findingsOf(other);
        await page.getByText('您的账号在别处登录').first().waitFor();
        await signOpinion(other);
        await outcome(people, other, id);
        await paper(other, id);
        assert.deepEqual(page.faults, []);
    });
});
