// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the call, from the device check to an MDT. Two pages of two browsers hold each call.
import { act, heart, onDuty, submit } from './cases.mjs';
import { show } from './gallery.mjs';

const RECORD = { history: '高血压十年，规律服药', results: '心电图：Ⅱ、Ⅲ、aVF 导联 ST 段压低', diagnosis: '胸痛待查', treatment: '吸氧，嚼服阿司匹林 300 mg' };
const MDT = ['village', 'specialist', 'second'];
const soon = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
const control = (page, name) => page.locator('.call-controls > button', { hasText: name });

async function accepted(people, state) {
    if (state.call) return;
    await onDuty(people);
    const c = await submit(people, 'village', heart(RECORD));
    state.call = await act(people, 'specialist', 'consultation.accept', { id: c.id });
}

async function mdt(people, state) {
    if (state.mdt) return;
    await onDuty(people);
    await onDuty(people, 'second', 'pan_surgery');
    const at = { start: soon(5), end: soon(65) };
    const c = await submit(people, 'village', heart({ ...RECORD, kind: 'mdt', panelIds: ['pan_surgery'], candidateTimes: [at] }));
    for (const name of ['specialist', 'second']) await act(people, name, 'consultation.accept', { id: c.id });
    state.mdt = await act(people, 'specialist', 'consultation.schedule', { id: c.id, ...at });
}

/** The quality of both directions is known, in words. */
const judged = (page) => page.waitForFunction(() => document.querySelector('.call-quality')?.textContent.includes('●'));

/** On the call's page, where somebody is not there yet. */
async function enter(people, name, id) {
    const page = await people.page(name);
    if (!page.url().endsWith(`#/call/${id}`)) await show(page, people, `call/${id}`, '.call-controls');
    return page;
}

/** All in the call, and each sees somebody. */
async function together(people, names, id) {
    const pages = [];
    for (const name of names) pages.push(await enter(people, name, id));
    await Promise.all(pages.map((page) => page.waitForFunction(() => [...document.querySelectorAll('.call-main video')].some((v) => v.videoWidth > 0 && v.readyState >= 2))));
}

const two = (name, who, then) => ({ name, who, prepare: accepted, detail: name !== 'call' && name !== 'call-specialist',
    async open(page, state, people) {
        await together(people, ['village', 'specialist'], state.call.id);
        await then?.(page);
    },
    leave: (page) => page?.keyboard.press('Escape') });

async function opened(page, name, selector) {
    await control(page, name).click();
    await page.locator(selector).first().waitFor();
}

async function write(page, text) {
    await opened(page, '聊天', '.call-log');
    await page.getByLabel('写消息').fill(text);
    await page.getByLabel('写消息').press('Enter');
    await page.locator('.call-log').getByText(text).first().waitFor();
}

export const stops = [
    { name: 'call-check', who: 'village', prepare: accepted, async open(page, state, people) {
        await show(page, people, `device-check/${state.call.id}`, '.call-check');
        await page.waitForFunction(() => { const v = document.querySelector('.call-preview video'); return v && v.videoWidth > 0 && v.readyState >= 2; });
    } },
    { name: 'call-alone', who: 'village', detail: true, prepare: accepted, async open(page, state, people) {
        await enter(people, 'village', state.call.id);
        await page.locator('.call-self video').waitFor();
    } },
    two('call', 'village', judged),
    two('call-specialist', 'specialist', judged),
    two('call-share', 'village', (page) => opened(page, '共享检查', 'dialog[open]')),
    two('call-chat', 'village', (page) => write(page, '请把血压计转向镜头。')),
    { ...two('call-elsewhere', 'village', async (page) => {
        await page.evaluate(() => { location.hash = '#/home'; });
        await page.locator('.call-dock').waitFor();
    }), leave: () => undefined },
    two('call-end', 'specialist', (page) => opened(page, '结束会诊', 'dialog[open]')),
    { name: 'call-over', who: 'specialist', detail: true, prepare: accepted, async open(page, state, people) {
        await together(people, ['village', 'specialist'], state.call.id);
        await control(page, '结束会诊').click();
        await page.locator('dialog[open]').getByRole('button', { name: '结束会诊', exact: true }).click();
        await page.getByText('会诊通话已结束').first().waitFor();
    } },
    { name: 'call-mdt', who: 'specialist', prepare: mdt, async open(page, state, people) {
        await together(people, MDT, state.mdt.id);
    } },
    { name: 'call-people', who: 'specialist', detail: true, prepare: mdt, async open(page, state, people) {
        await together(people, MDT, state.mdt.id);
        await opened(page, '人员', '.call-people li');
    } },
];
