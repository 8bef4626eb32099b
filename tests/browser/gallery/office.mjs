// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the coordinator's, the quality office's and the administrator's pages.
import { act, delivered, ended, heart, onDuty, submit } from './cases.mjs';
import { show } from './gallery.mjs';

const soon = (hours) => ({ start: new Date(Date.now() + hours * 3600_000).toISOString(), end: new Date(Date.now() + (hours + 1) * 3600_000).toISOString() });
const named = (name, sex, ageYears, complaint) => ({ patient: { name, sex, ageYears }, complaint });
const PATIENTS = [named('患者甲', 'female', 71, '反复胸闷三天，夜间不能平卧'), named('患者乙', 'male', 46, '上腹痛六小时，伴呕吐'), named('患者丙', 'female', 29, '孕 32 周，头痛、视物模糊'), named('患者丁', 'male', 58, '右侧肢体麻木一天')];
const WHOLE = { history: '高血压十年，规律服药', results: '心电图：窦性心律，ST 段压低', diagnosis: '胸痛待查', treatment: '吸氧，嚼服阿司匹林 300 mg', allergy: '青霉素' };

const forTriage = (people, more = {}) => submit(people, 'village_2', heart({ candidateTimes: [soon(24), soon(48)], ...more }));
const coordinator = (name, open, more = {}) => ({ name: `coordinator-${name}`, who: 'coordinator', open, ...more });
const intake = (name, then, more = {}) => coordinator(`case-${name}`, async (page, state, people) => {
    await show(page, people, `intake/${state[name].id}`, '.coordinator-act');
    await then?.(page);
}, { detail: name !== 'triage', ...more });
const panel = (name, selector, then, more = {}) => coordinator(`panel-${name}`, async (page, state, people) => {
    await show(page, people, `panels/pan_cardiology/${name.split('-')[0]}`, selector);
    await then?.(page);
}, more);
const button = (page, name) => page.getByRole('button', { name, exact: true });

/** Cases in all states that plots tell apart. */
async function manyCases(people) {
    const outcomes = [['agrees', true], ['agrees', true], ['agrees', false], ['agrees_in_part', true], ['differs', false]];
    for (const [i, [concordance, avoidedTransfer]] of outcomes.entries()) {
        const c = await delivered(people, 'village', 'specialist', heart(PATIENTS[i % PATIENTS.length]));
        await act(people, 'village', 'consultation.acknowledge', { id: c.id });
        await act(people, 'village', 'consultation.outcome', { id: c.id, outcome: '随访一周，症状缓解。', concordance, avoidedTransfer });
    }
    await onDuty(people, 'second', 'pan_surgery');
    for (const kind of ['guidance', 'live']) await ended(people, 'village', 'second', heart({ ...PATIENTS[1], kind, panelId: 'pan_surgery' }));
    const refused = await submit(people, 'village', heart(PATIENTS[1]));
    await act(people, 'specialist', 'consultation.refuse', { id: refused.id, reason: '正在抢救，请转外科' });
    return refused;
}

const ROSTER = [{ account: 'acc_specialist', weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '08:00', end: '17:30' }, { account: 'acc_specialist', weekdays: ['sat'], start: '20:00', end: '08:00' }];

export const stops = [
    coordinator('incoming', (page, state, people) => show(page, people, 'incoming', '.coordinator-row'), { async prepare(people, state) {
        await onDuty(people);
        state.refused = await manyCases(people);
        state.triage = await forTriage(people, { ...PATIENTS[0], ...WHOLE, urgency: 'urgent' });
        await forTriage(people, { ...PATIENTS[2], specialty: 'obstetrics', panelId: 'pan_emergency', urgency: 'emergency' });
        await forTriage(people, { ...PATIENTS[3], urgency: 'routine' });
        state.return = await forTriage(people, { ...PATIENTS[1], panelId: 'pan_surgery', urgency: 'routine', history: '' });
        state.schedule = await forTriage(people, PATIENTS[0]);
        const mdt = heart({ ...WHOLE, kind: 'mdt', panelIds: ['pan_surgery'], candidateTimes: [soon(30)] });
        state.member = await submit(people, 'village', mdt);
        await act(people, 'specialist', 'consultation.accept', { id: state.member.id });
        const desk = await people.wire('coordinator');
        const monday = new Date(Date.now() + (8 - (new Date().getDay() || 7)) * 86_400_000);
        const at = (day, hour) => new Date(monday.getFullYear(), monday.getMonth(), monday.getDate() + day, hour).toISOString();
        for (const [day, from, to] of [[0, 13, 15], [2, 14, 16], [3, 9, 10]]) await desk.call('schedule.offer', { panelId: 'pan_cardiology', start: at(day, from), end: at(day, to), slotMinutes: 30, weeks: 2 });
        await desk.call('consultation.triage', { id: state.schedule.id });
        await act(people, 'specialist', 'consultation.accept', { id: state.schedule.id });
        const { revision } = await desk.call('roster.get', { panelId: 'pan_cardiology' });
        await desk.call('roster.set', { panelId: 'pan_cardiology', revision, shifts: ROSTER, exceptions: [{ account: 'acc_specialist', from: '2026-12-24 08:00', until: '2026-12-25 18:00', onDuty: false, note: '年假' }] });
    } }),
    coordinator('none-waits', async (page, state, people) => {
        await show(page, people, 'incoming', '.coordinator-row');
        await page.getByRole('searchbox').fill('没有这样的机构');
    }, { detail: true }),
    coordinator('cases', async (page, state, people) => {
        await show(page, people, 'cases', '.coordinator-row');
        await page.getByRole('radio', { name: '全部' }).check();
        await page.locator('.coordinator-row').nth(5).waitFor();
    }),
    intake('triage'),
    intake('return', async (page) => {
        await button(page, '退回补充').click();
        await button(page, '+ 请补充病史').click();
    }),
    intake('schedule', (page) => page.getByText('专家组开放的时间').waitFor()),
    intake('refused', (page) => page.getByRole('heading', { name: '重新开启' }).waitFor()),
    coordinator('case-reroute', async (page, state, people) => {
        const { id } = await submit(people, 'village', heart(PATIENTS[0])); // it rings for a minute only
        await show(page, people, `intake/${id}`, '.coordinator-act');
        await button(page, '改派').click();
        await page.getByLabel('专家组').waitFor();
    }, { detail: true }),
    coordinator('case-add-member', async (page, state, people) => {
        await show(page, people, `intake/${state.member.id}`, '.case-people');
        await button(page, '添加人员').click();
        await page.getByLabel('专家组').selectOption('pan_surgery');
    }, { detail: true, leave: (page) => page.keyboard.press('Escape') }),
    panel('presence', '.coordinator-people'),
    panel('slots', '.coordinator-week', async (page) => {
        await page.getByRole('button', { name: '下一周' }).click();
        await page.locator('.coordinator-slot').first().waitFor();
    }),
    panel('slots-chosen', '.coordinator-week', async (page) => {
        await page.getByRole('button', { name: '下一周' }).click();
        await page.locator('.coordinator-slot').first().waitFor();
        await page.locator('[data-cell="4/4"]').click();
        await page.locator('[data-cell="4/4"]').focus();
        for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowDown');
        await page.locator('.coordinator-offer').waitFor();
    }, { detail: true }),
    panel('roster', '.coordinator-bar, .coordinator-roster'),
    panel('roster-shift', '.coordinator-roster', (page) => page.getByRole('button', { name: '添加班次' }).click(), { detail: true, leave: (page) => page.keyboard.press('Escape') }),
    { name: 'quality-statistics', who: 'quality', open: (page, state, people) => show(page, people, 'statistics', '.quality-bars') },
    { name: 'quality-statistics-tables', who: 'quality', detail: true, open: async (page, state, people) => {
        await show(page, people, 'statistics', '.quality-bars');
        for (const summary of await page.locator('.quality-table summary').all()) await summary.click();
    } },
    { name: 'quality-audit', who: 'quality', open: async (page, state, people) => {
        await show(page, people, 'audit', 'form');
        await button(page, '查询').click();
        await page.locator('.quality-audit').waitFor();
    } },
    { name: 'admin-accounts', who: 'admin', open: (page, state, people) => show(page, people, 'accounts', '.operator-accounts') },
    { name: 'admin-roles', who: 'admin', detail: true, open: async (page, state, people) => {
        await show(page, people, 'accounts', '.operator-accounts');
        await page.getByRole('button', { name: '角色 质控办（演示）' }).click();
        await page.locator('dialog[open] label', { hasText: '运维' }).click(); // these don't go together
    }, leave: (page) => page.keyboard.press('Escape') },
];
