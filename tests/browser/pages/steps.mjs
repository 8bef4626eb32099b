// SPDX-License-Identifier: Apache-2.0
// What people do on the pages, one small function each: a village doctor asks and reads, a specialist answers, writes
// and signs. By the words that they read (zh-CN); each waits until the page has done it.
import path from 'node:path';
import { ROOT } from '../support.mjs';

/** What a village doctor fills in; a test changes what it is about: {...CASE, complaint: '…'}. */
export const CASE = {
    name: '演示患者', sex: '男', age: '62', complaint: '胸闷两小时，活动后加重', kind: '实时会诊', urgency: '加急', purpose: '请协助判断是否需要立即转诊',
    panel: '心内科会诊组', allergy: '青霉素', systolic: '168', diastolic: '95', files: [path.join(ROOT, 'tests/data/materials/medical_fundus_retina.jpg')],
};

const button = (page, name) => page.getByRole('button', { name, exact: true });
const placed = (page, start) => page.waitForURL((url) => url.hash.startsWith(start));
const idIn = (page) => decodeURIComponent(new URL(page.url()).hash.split('/')[2]);

/** Goes to a page by its address, as a bookmark would: go(page, 'case', id). */
export async function go(page, ...place) {
    await page.evaluate((hash) => { location.hash = hash; }, `#/${place.map(encodeURIComponent).join('/')}`);
}

/** Nothing waits to be sent any more; signing out before would ask. */
export async function allSent(page) {
    await go(page, 'outbox');
    await page.getByText('全部已发送').waitFor();
}

export async function signOut(page) {
    await button(page, '退出登录').click();
    await page.locator('input[autocomplete=username]').waitFor();
}

// ---- the village doctor ----

/** Types as a person does, a key at a time. */
async function type(page, label, text) {
    const field = page.getByLabel(label);
    await field.click();
    await field.fill('');
    await field.pressSequentially(text);
}

/** The screen of the guided form with that title. */
async function screen(page, title) {
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
}

/** What is done on each screen, in their order. */
const SCREENS = [
    ['患者是谁', async (page, c) => {
        await type(page, '姓名', c.name);
        await type(page, '年龄（岁）', c.age);
        await page.getByLabel(c.sex, { exact: true }).check();
    }],
    ['哪里不舒服', (page, c) => type(page, '主诉', c.complaint)],
    ['怎样会诊', async (page, c) => {
        await page.getByLabel(c.kind).check();
        await page.getByLabel(c.urgency).check();
        await type(page, '会诊目的', c.purpose);
    }],
    ['请谁会诊', (page, c) => page.getByRole('radio', { name: c.panel }).first().check()],
    ['病情摘要', (page, c) => type(page, '过敏史', c.allergy)],
    ['生命体征', async (page, c) => {
        await type(page, '收缩压（高压）', c.systolic);
        await type(page, '舒张压（低压）', c.diastolic);
    }],
    ['照片和资料', async (page, c) => {
        for (const file of c.files) {
            await page.getByLabel('选择文件').setInputFiles(file);
            await page.locator('.village-files').getByText(path.basename(file)).waitFor();
        }
    }],
    ['方便的时间', async () => {}],
    ['知情同意', async (page, c) => {
        await page.getByRole('checkbox', { name: '同意会诊' }).check();
        await type(page, '签署人姓名', c.name);
        await drawSignature(page);
    }],
    ['核对并发送', async () => {}],
];

/** Three strokes on the pad, and the pad keeps them. */
export async function drawSignature(page) {
    const pad = page.locator('canvas.village-sign');
    await pad.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await pad.boundingBox();
    for (let stroke = 0; stroke < 3; stroke++) {
        await page.mouse.move(x + width * (0.1 + stroke * 0.25), y + height * 0.5);
        await page.mouse.down();
        for (let i = 1; i <= 12; i++) await page.mouse.move(x + width * (0.1 + stroke * 0.25 + i * 0.012), y + height * (0.5 + Math.sin(i / 2 + stroke) * 0.25));
        await page.mouse.up();
    }
    await page.getByText('✓ 已签名').waitFor();
}

/** The whole guided form from home, up to the last screen: all is there, nothing sent. */
export async function fillForm(page, c = CASE) {
    await page.getByRole('button', { name: '开始会诊' }).click();
    for (const [n, [title, act]] of SCREENS.entries()) {
        await screen(page, title);
        await act(page, c);
        if (n < SCREENS.length - 1) await button(page, '下一步').click();
    }
    await page.getByText('必填内容已齐全').waitFor();
}

/** Sends what fillForm filled; the consultation's id. */
export async function sendForm(page) {
    await button(page, '发送申请').click();
    await placed(page, '#/case/');
    return idIn(page);
}

export async function startConsultation(page, c = CASE) {
    await fillForm(page, c);
    return sendForm(page);
}

/** Held until it goes; leads into the call. The consultation's id. */
export async function emergency(page) {
    const red = page.getByRole('button', { name: '紧急呼叫' });
    const { x, y, width, height } = await red.boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await placed(page, '#/call/');
    await page.mouse.up();
    return idIn(page);
}

/** From the case's page, also while it still rings; one sees oneself. */
export async function enterCall(page) {
    await page.getByRole('button', { name: /^(进入通话|回到通话|进入候诊)/ }).first().click();
    await inCall(page);
}

export async function inCall(page) {
    await placed(page, '#/call/');
    await page.locator('.call-self video').waitFor();
}

/** The signed opinion on the village's page, its signature checked by the server. */
export async function openOpinion(page, id) {
    await go(page, 'opinion', id);
    await page.getByText('签名已核验').waitFor();
}

export async function acknowledge(page) {
    await button(page, '我已阅读，确认收到').click();
    await button(page, '我已阅读，确认收到').waitFor({ state: 'detached' });
}

/** What became of the patient, told to the specialist; the case goes to the archive. */
export async function followUp(page, id, outcome = '症状缓解，继续门诊随访') {
    await go(page, 'followup', id);
    await page.getByLabel('患者后来怎样').fill(outcome);
    await page.getByLabel('与会诊意见一致', { exact: true }).check();
    await page.getByLabel('不需要，在本地处理了').check();
    await button(page, '提交结果').click();
    await placed(page, '#/case/');
    await button(page, '归档').click();
    await page.getByText('已归档').first().waitFor();
}

// ---- the specialist ----

export async function goOnDuty(page, panel = '心内科会诊组') {
    await go(page, 'desk');
    await page.getByRole('button', { name: `开始值班 ${panel}` }).click();
    await page.getByRole('button', { name: `结束值班 ${panel}` }).waitFor();
}

/** The summary: opens by itself where the desk is shown, from the ringing bar elsewhere. The consultation's id. */
export async function ring(page) {
    const bar = page.locator('.specialist-ring').getByRole('button', { name: '查看', exact: true });
    await bar.or(button(page, '接诊')).first().waitFor();
    if (!await button(page, '接诊').isVisible()) await bar.click({ timeout: 3000 }).catch(() => undefined); // it opened by itself meanwhile
    await placed(page, '#/consult/');
    await button(page, '接诊').waitFor();
    return idIn(page);
}

/** On one screen before the answer: what is asked, vital signs, and the photos small. */
export async function readSummary(page, c = CASE) {
    await page.getByText(c.complaint).first().waitFor();
    await page.getByText(c.systolic).first().waitFor();
    for (const file of c.files) {
        const photo = page.getByRole('button', { name: `查看 ${path.basename(file)}` }).locator('img');
        await photo.waitFor();
        await photo.evaluate((img) => img.decode());
    }
}

/** Leads into the call by itself. */
export async function accept(page) {
    await button(page, '接诊').click();
    await inCall(page);
}

export async function refuse(page, reason = '正在处理其他患者') {
    await button(page, '不能接诊').click();
    await page.getByLabel(reason).check();
    await button(page, '确认不能接诊').click();
    await placed(page, '#/desk');
}

/** For everybody, asked once. */
export async function endCall(page) {
    await button(page, '结束会诊').click();
    await page.locator('dialog[open]').getByRole('button', { name: '结束会诊', exact: true }).click();
    await page.getByText('会诊通话已结束').waitFor();
}

/** For oneself; the call goes on. */
export async function leaveCall(page) {
    await button(page, '离开').click();
    await page.locator('dialog[open]').getByRole('button', { name: '离开', exact: true }).click();
    await page.waitForURL((url) => !url.hash.startsWith('#/call/'));
}

/**
 * After the call: a template by its name, whole fields by their labels ('诊断意见': '…'), and `blank` for each ____ that
 * is left, from one to the next by F2.
 */
export async function writeOpinion(page, id, { template = '胸痛', fields = {}, blank = '无' } = {}) {
    await go(page, 'write', id);
    await button(page, '模板').click();
    await page.locator('dialog[open] .opinion-template-use').filter({ hasText: template }).first().click();
    for (const [label, text] of Object.entries(fields)) await page.locator('.opinion-editor').getByLabel(new RegExp(`^${label}`)).fill(text);
    const left = page.locator('textarea.opinion-area');
    while ((await left.evaluateAll((areas) => areas.map((a) => a.value).join())).includes('____')) {
        await page.keyboard.press('F2');
        await page.keyboard.insertText(blank);
    }
}

/** Asked once, with what is signed in view; the signed opinion is there, its signature checked. */
export async function signOpinion(page) {
    await button(page, '签署').click();
    await page.locator('dialog[open]').getByRole('button', { name: '确认签署' }).click();
    await page.getByText('签名已核验').waitFor();
}
