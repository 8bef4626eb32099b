// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the specialist's pages.
import path from 'node:path';
import { ROOT } from '../support.mjs';
import { act, delivered, ended, heart, onDuty, submit, upload } from './cases.mjs';
import { show } from './gallery.mjs';

const DATA = path.join(ROOT, 'tests/data/materials');
const RECORD = { history: '高血压十年，规律服药', results: '心电图：窦性心律，Ⅱ、Ⅲ、aVF 导联 ST 段压低', diagnosis: '胸痛待查', treatment: '吸氧，嚼服阿司匹林 300 mg' };
const soon = (hours) => new Date(Date.now() + hours * 3600_000).toISOString();
const named = (name, more = {}) => ({ patient: { ...heart().patient, name }, ...RECORD, ...more });
const button = (page, name) => page.getByRole('button', { name, exact: true });
const dialog = (page) => page.locator('dialog[open]');

async function withMaterials(people, id) {
    await upload(people, 'village', id, 'dicom', `${DATA}/ecg_12lead_500hz.dcm`, '十二导联心电图.dcm');
    await upload(people, 'village', id, 'photo', `${DATA}/medical_fundus_retina.jpg`, '眼底照片.jpg');
    await act(people, 'village', 'material.vitals', { consultationId: id, takenAt: soon(-0.1), values: [{ code: 'heart_rate', value: 96, unit: '/min' }, { code: 'systolic', value: 168, unit: 'mm[Hg]' }, { code: 'diastolic', value: 95, unit: 'mm[Hg]' }, { code: 'spo2', value: 94, unit: '%' }] });
}

/** A reading of the chest; `claim`: by the reader. */
async function reading(people, more = {}, claim = false) {
    const c = await submit(people, 'village', heart({ complaint: '咳嗽、低热三周，体重下降', purpose: '胸片诊断', ...named('演示患者四'), ...more, kind: 'reading', panelId: 'pan_radiology' }));
    await upload(people, 'village', c.id, 'dicom', `${DATA}/chest_dx_nih_512.dcm`, '胸部正位片.dcm');
    return claim ? act(people, 'reader', 'worklist.claim', { id: c.id }) : c;
}

async function mdt(people) {
    const c = await submit(people, 'village', heart({ ...named('演示患者九'), kind: 'mdt', panelIds: ['pan_surgery'], candidateTimes: [{ start: soon(0.05), end: soon(1) }] }));
    for (const name of ['specialist', 'second']) await act(people, name, 'consultation.accept', { id: c.id });
    await act(people, 'specialist', 'consultation.schedule', { id: c.id, start: soon(0.05), end: soon(1) });
    for (const name of ['village', 'specialist', 'second']) await act(people, name, 'consultation.enter', { id: c.id });
    await act(people, 'village', 'consultation.end', { id: c.id });
    await act(people, 'second', 'opinion.sign', { consultationId: c.id, opinion: { findings: '腹软，无压痛。', diagnosis: '暂无外科急腹症依据。', plan: '观察。', advice: '腹痛加重再次会诊。', referral: '', limits: '远程所见，未触诊' } });
    return c;
}

async function outcomes(people) {
    for (const [name, outcome, concordance, avoidedTransfer] of [['演示患者二', '县医院冠脉造影：右冠狭窄 70%，植入支架后好转', 'agrees', false], ['演示患者三', '好转，已停用硝酸甘油', 'agrees_in_part', true]]) {
        const c = await delivered(people, 'village', 'specialist', heart(named(name)));
        await act(people, 'village', 'consultation.acknowledge', { id: c.id });
        await act(people, 'village', 'consultation.outcome', { id: c.id, outcome, concordance, avoidedTransfer });
    }
}

/** Everything that the pages of this room are about, once. */
async function cast(people, state) {
    if (state.made) return;
    state.made = true;
    for (const [name, panel] of [['specialist', 'pan_cardiology'], ['second', 'pan_surgery'], ['reader', 'pan_radiology']]) await onDuty(people, name, panel);
    state.critical = await reading(people, { ...named('演示患者五'), urgency: 'emergency' }, true);
    await act(people, 'reader', 'consultation.critical', { id: state.critical.id, text: '左侧大量气胸，纵隔右移，请立即处理。' });
    state.reading = await reading(people, {}, true);
    await reading(people, { ...named('演示患者六'), urgency: 'routine' });
    await outcomes(people);
    state.writing = await ended(people, 'village', 'specialist', heart(named('演示患者八')));
    await withMaterials(people, state.writing.id);
    state.signed = await delivered(people, 'village', 'specialist', heart(named('演示患者七')));
    state.mdt = await mdt(people);
    state.accepted = await submit(people, 'village', heart(RECORD));
    await withMaterials(people, state.accepted.id);
    await act(people, 'specialist', 'consultation.accept', { id: state.accepted.id });
    const morning = new Date(new Date().setHours(17, 0, 0, 0) + 2 * 86_400_000).getTime();
    await act(people, 'specialist', 'schedule.offer', { panelId: 'pan_cardiology', start: new Date(morning).toISOString(), end: new Date(morning + 3 * 3600_000).toISOString(), slotMinutes: 30 });
}

/** address(state): where; then(page, state): what is done there. */
const stop = (name, address, selector, more = {}) => ({ name: `specialist-${name}`, who: 'specialist', prepare: cast, ...more,
    async open(page, state, people) {
        await more.before?.(people, state);
        await show(page, people, address(state), selector);
        await more.then?.(page, state, people);
    } });
const detail = (name, address, selector, then, more = {}) => stop(name, address, selector, { detail: true, then, ...more });

/** Asked at the last moment: it rings for a minute. */
async function ringing(people, state) {
    state.ringing = await submit(people, 'village', heart(named('演示患者', { urgency: 'urgent' })));
    await withMaterials(people, state.ringing.id);
}
const hangUp = { leave: async (page, state, people) => {
    await page.goto('about:blank'); // a picture on its way would be refused, and that be held against the next stop
    await act(people, 'village', 'consultation.cancel', { id: state.ringing.id, reason: '已好转' }).catch((error) => { if (!/^SQ_ERR_STATE/.test(error.message)) throw error; }); // or it rang to its end
} };

const FIELDS = { findings: '神志清，面色稍苍白。心电图：Ⅱ、Ⅲ、aVF 导联 ST 段压低 0.1 mV。', diagnosis: '急性冠脉综合征待排，不稳定型心绞痛可能性大。', plan: '阿司匹林 300 mg 嚼服，复查十二导联心电图。', advice: '卧床，监测血压；胸痛加重立即再呼叫。', limits: '远程所见，未触诊。' };
async function fill(page) {
    for (const [field, text] of Object.entries(FIELDS)) { const area = page.locator(`textarea[name=${field}]`); if (await area.count()) await area.fill(text); }
    await page.locator('.tag.good', { hasText: /已保存|Saved/ }).first().waitFor();
}

const WRITE = '.specialist-write textarea';

export const stops = [
    stop('desk', () => 'desk', '.specialist-duty'),
    detail('desk-off', () => 'desk', '.specialist-duty', undefined, { who: 'chair' }),
    stop('readings', () => 'readings', '.specialist-task', { who: 'reader' }),
    detail('readings-none', () => 'readings', '.note', undefined, { who: 'chair' }),
    stop('consults', () => 'consults', '.specialist-row'),
    detail('consults-search', () => 'consults', '.specialist-row', async (page) => { await page.locator('input[type=search]').fill('李'); await page.locator('.note').first().waitFor(); }),
    stop('slots', () => 'slots', '.card', { then: async (page) => { if (!await page.locator('.specialist-slots').count()) await page.getByRole('button', { name: /后一周/ }).click(); await page.locator('.specialist-slots').first().waitFor(); } }),
    stop('outcomes', () => 'outcomes', '.specialist-row'),
    stop('consult', (s) => `consult/${s.accepted.id}`, '.viewers-row'),
    detail('withdraw', (s) => `consult/${s.accepted.id}`, '.specialist-actions', async (page) => { await button(page, '不能参加').click(); await dialog(page).waitFor(); }),
    stop('ring', (s) => `consult/${s.ringing.id}`, '.specialist-actions .button.huge', { before: ringing, ...hangUp }),
    detail('refuse', (s) => `consult/${s.ringing.id}`, '.specialist-actions .button.huge', async (page) => { await button(page, '不能接诊').click(); await dialog(page).waitFor(); }, { before: ringing, ...hangUp }),
    detail('ring-bar', () => 'consults', '.specialist-ring', undefined, { before: ringing, ...hangUp }),
    stop('write', (s) => `write/${s.writing.id}`, WRITE, { then: fill }),
    detail('templates', (s) => `write/${s.writing.id}`, WRITE, async (page) => { await button(page, '模板').click(); await page.locator('.opinion-template').first().waitFor(); }),
    detail('save-template', (s) => `write/${s.writing.id}`, WRITE, async (page) => { await button(page, '存为模板').click(); await dialog(page).waitFor(); }),
    stop('sign', (s) => `write/${s.writing.id}`, WRITE, { detail: true, then: async (page) => { await fill(page); await button(page, '签署').click(); await dialog(page).waitFor(); } }),
    detail('course', (s) => `write/${s.writing.id}`, WRITE, async (page) => { await button(page, '经过').click(); await page.locator('.specialist-left .card').first().waitFor(); }),
    stop('signed', (s) => `write/${s.signed.id}`, '.opinion-document'),
    detail('new-version', (s) => `write/${s.signed.id}`, '.opinion-document', async (page) => { await button(page, '出具新版本').click(); await page.locator(WRITE).first().waitFor(); }),
    detail('referral', (s) => `write/${s.signed.id}`, '.opinion-document', async (page) => { await button(page, '发起转诊').click(); await dialog(page).waitFor(); }),
    stop('reading', (s) => `write/${s.reading.id}`, WRITE, { who: 'reader', then: async (page) => { await page.locator('.viewers-row').first().click(); await page.locator('.viewers-light.full').waitFor(); } }),
    detail('critical', (s) => `write/${s.reading.id}`, WRITE, async (page) => { await button(page, '报告危急值').click(); await dialog(page).waitFor(); }, { who: 'reader' }),
    detail('critical-told', (s) => `write/${s.critical.id}`, '.specialist-reading .note', undefined, { who: 'reader' }),
    detail('go-live', (s) => `write/${s.reading.id}`, WRITE, async (page) => { await button(page, '立即通话').click(); await dialog(page).waitFor(); }, { who: 'reader' }),
    stop('conclusion', (s) => `write/${s.mdt.id}`, '.opinion-member', { detail: true }),
    detail('shortcuts', () => 'desk', '.specialist-duty', async (page) => { await page.getByRole('button', { name: /快捷键/ }).click(); await dialog(page).waitFor(); }),
];
