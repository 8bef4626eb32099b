// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the village doctor's pages.
import path from 'node:path';
import { ROOT } from '../support.mjs';
import { CONSENT, act, delivered, ended, heart, onDuty, submit, upload } from './cases.mjs';
import { show } from './gallery.mjs';

const DATA = path.join(ROOT, 'tests/data/materials');
const FUNDUS = `${DATA}/medical_fundus_retina.jpg`;
const RECORD = { history: '高血压十年，规律服药', results: '心电图：窦性心律，Ⅱ、Ⅲ、aVF 导联 ST 段压低', diagnosis: '胸痛待查', treatment: '吸氧，嚼服阿司匹林 300 mg', allergy: '青霉素' };
const OFFLINE = /ERR_INTERNET_DISCONNECTED|WebSocket connection/;
const soon = (hours) => new Date(Date.now() + hours * 3600_000).toISOString();
const named = (name, more = {}) => ({ patient: { ...heart().patient, name }, ...more });

/** A draft that lacks nothing, as the server keeps it. */
async function draft(people, state) {
    const { draftId } = await act(people, 'village', 'consultation.saveDraft', heart({ ...RECORD, consent: { ...CONSENT, recording: true } }));
    state.draft = draftId;
}

const step = (name, more = {}) => ({ name: `village-form-${name}`, who: 'village',
    async prepare(people, state) {
        await more.before?.(people, state);
        if (!state.draft) await draft(people, state);
    },
    open: async (page, state, people) => {
        await show(page, people, `new/${state.draft}/${name}`, '.village-foot');
        await more.then?.(page);
    } });

/** Three strokes with the mouse. */
async function sign(page) {
    const pad = page.locator('canvas.village-sign');
    await pad.scrollIntoViewIfNeeded();
    const box = await pad.boundingBox();
    for (let stroke = 0; stroke < 3; stroke++) {
        await page.mouse.move(box.x + 60 + stroke * 120, box.y + 40);
        await page.mouse.down();
        for (let i = 0; i < 20; i++) await page.mouse.move(box.x + 60 + stroke * 120 + i * 4, box.y + 40 + Math.sin(i / 2 + stroke) * 30 + i * 2);
        await page.mouse.up();
    }
    await page.locator('.tag.good').first().waitFor();
}

async function withFile(page) {
    await page.locator('input[type=file]').last().setInputFiles(FUNDUS);
    await page.locator('.village-files li').first().waitFor();
}

/** A case of `state[name]`, shown on its page. `selector`: what tells that it is there. */
/** Case pages are further states of one page but for the first. */
const caseStop = (name, prepare, { address = 'case', selector = '.village-case', who = 'village', ...more } = {}) => ({ name: `village-${name}`, detail: address === 'case' && name !== 'accepted', who,
    async prepare(people, state) {
        await onDuty(people);
        state[name] = await prepare(people, state);
    },
    open: (page, state, people) => show(page, people, `${address}/${state[name].id}`, selector), ...more });

/** Asked of a coordinator first: the second village's cases go no way by themselves. */
const atCoordinator = (people, more = {}) => submit(people, 'village_2', heart({ candidateTimes: [{ start: soon(26), end: soon(26.5) }], ...more }));

/** Whole hours of a day, free to be taken. */
const DAY = new Date(new Date().setHours(0, 0, 0, 0) + 2 * 86_400_000).getTime();
const hour = (n) => new Date(DAY + n * 3600_000).toISOString();

async function offered(people, state) {
    if (state.offered) return;
    state.offered = true;
    await act(people, 'specialist', 'schedule.offer', { panelId: 'pan_cardiology', start: hour(9), end: hour(12), slotMinutes: 30 });
}

/** A specialist has accepted; a time is to be agreed on. */
async function toAgree(people, state, name) {
    await offered(people, state);
    const c = await atCoordinator(people, named(name));
    await act(people, 'coordinator', 'consultation.triage', { id: c.id });
    return act(people, 'specialist', 'consultation.accept', { id: c.id });
}

async function scheduled(people) {
    const c = await atCoordinator(people, named('演示患者三'));
    await act(people, 'coordinator', 'consultation.triage', { id: c.id });
    await act(people, 'specialist', 'consultation.accept', { id: c.id });
    return act(people, 'coordinator', 'consultation.schedule', { id: c.id, start: soon(26), end: soon(26.5) });
}

async function critical(people) {
    const c = await submit(people, 'village', heart({ ...named('演示患者四'), kind: 'reading', panelId: 'pan_radiology', complaint: '视物模糊一周', purpose: '眼底照片阅片' }));
    await upload(people, 'village', c.id, 'photo', FUNDUS, '眼底.jpg');
    await act(people, 'reader', 'worklist.claim', { id: c.id });
    return act(people, 'reader', 'consultation.critical', { id: c.id, text: '视网膜大片出血，请今天转诊眼科。' });
}

async function acknowledged(people) {
    const c = await delivered(people, 'village', 'specialist', heart(named('演示患者二')));
    return act(people, 'village', 'consultation.acknowledge', { id: c.id });
}

async function archived(people) {
    const c = await acknowledged(people);
    await act(people, 'village', 'consultation.outcome', { id: c.id, outcome: '好转，已停用硝酸甘油', concordance: 'agrees', avoidedTransfer: true });
    return act(people, 'village', 'consultation.archive', { id: c.id });
}

const signIn = [
    { name: 'sign-in', who: null, async open(page, state, people) {
        await page.goto(people.world.https);
        await page.locator('button[type=submit]').waitFor();
    } },
    { name: 'sign-in-refused', detail: true, who: null, async open(page, state, people) {
        await page.goto(people.world.https);
        await page.locator('input[autocomplete=username]').fill('acc_village_new');
        await page.locator('input[type=password]').fill('wrong password');
        await page.locator('button[type=submit]').click();
        await page.locator('.note.bad').waitFor();
    } },
];

const home = [
    { name: 'village-home-empty', detail: true, who: 'village_new', open: (page, state, people) => show(page, people, 'home', '.village-big') },
    { name: 'village-home', who: 'village', open: (page, state, people) => show(page, people, 'home', '.village-todo') },
    { name: 'village-emergency', detail: true, who: 'village_new',
        async open(page, state, people) {
            await show(page, people, 'home', '.village-hold');
            await page.locator('.village-hold').click();
            await page.locator('dialog[open]').waitFor();
        } },
];

const form = [
    step('who'), step('complaint'), step('how'),
    step('whom', { then: (page) => page.locator('input[name=village-panel]').first().waitFor() }),
    step('record'),
    step('vitals', { then: async (page) => { for (const [i, value] of ['1680', '95', '88'].entries()) await page.locator('.village-vitals input').nth(i).fill(value); } }),
    step('files', { then: withFile }), step('times', { before: offered, then: (page) => page.locator('.village-slots').waitFor() }),
    step('consent', { then: async (page) => { await page.locator('.village-consent-text').waitFor(); await page.evaluate(() => scrollTo(0, 0)); } }),
    step('sign'), step('send'),
    { name: 'village-form-missing', detail: true, who: 'village_new', async open(page, state, people) {
        await show(page, people, 'home', '.village-big');
        await page.locator('.village-big .button.primary.huge').first().click();
        await page.locator('.village-foot').waitFor();
        await page.goto(page.url().replace(/\/[a-z]+$/, '/send'));
        await page.locator('.note.warn').waitFor();
    } },
].map((stop) => !['village-form-sign', 'village-form-send'].includes(stop.name) ? stop : { ...stop, async open(page, state, people) {
    await show(page, people, `new/${state.draft}/consent`, 'canvas.village-sign, .tag.good'); // another language takes a signature away
    if (!await page.locator('.tag.good').count()) await sign(page);
    if (stop.name === 'village-form-sign') return;
    await page.evaluate((id) => { location.hash = `#/new/${id}/send`; }, state.draft);
    await page.locator('.note.good').first().waitFor();
} });

const cases = [
    { name: 'village-ringing', detail: true, who: 'village', prepare: (people) => onDuty(people), async open(page, state, people) { // asked at the last moment: it rings for a minute
        const c = await submit(people, 'village', heart(named('演示患者五')));
        const mine = await people.page('village');
        await show(mine, people, `case/${c.id}`, '.village-case');
        return mine;
    } },
    caseStop('accepted', async (people) => {
        const c = await submit(people, 'village', heart(RECORD));
        return act(people, 'specialist', 'consultation.accept', { id: c.id });
    }),
    caseStop('returned', async (people) => {
        const c = await atCoordinator(people);
        return act(people, 'coordinator', 'consultation.return', { id: c.id, reason: '请补充心电图和目前用药，再提交。' });
    }, { who: 'village_2' }),
    caseStop('triage', (people) => atCoordinator(people, named('演示患者六')), { who: 'village_2' }),
    caseStop('slots', (people, state) => toAgree(people, state, '演示患者十'), { who: 'village_2', selector: '.village-slots' }),
    caseStop('scheduled', scheduled, { who: 'village_2' }),
    caseStop('expired', (people) => submit(people, 'village', heart({ ...named('演示患者七'), panelId: 'pan_surgery', complaint: '右下腹痛一天' }))),
    caseStop('critical', critical),
    caseStop('writing', (people) => ended(people, 'village', 'specialist', heart(named('演示患者八')))),
    caseStop('delivered', (people) => delivered(people, 'village', 'specialist', heart(RECORD))),
    { name: 'village-opinion', who: 'village', open: (page, state, people) => show(page, people, `opinion/${state.delivered.id}`, '.opinion-document') },
    { name: 'village-print', detail: true, who: 'village', async open(page, state, people) {
        await show(page, people, `opinion/${state.delivered.id}`, '.opinion-document');
        await page.emulateMedia({ media: 'print' });
    }, leave: (page) => page.emulateMedia({ media: null }) },
    caseStop('followup', acknowledged, { address: 'followup', selector: 'textarea' }),
    caseStop('archived', archived),
    { name: 'village-cases', who: 'village', open: (page, state, people) => show(page, people, 'cases', '.village-row') },
    { name: 'village-consent', who: 'village', open: (page, state, people) => show(page, people, `consent/${state.accepted.id}`, '.village-todo') },
    { name: 'village-withdraw', detail: true, who: 'village', async open(page, state, people) {
        await show(page, people, `consent/${state.accepted.id}`, '.village-todo');
        await page.locator('.village-todo .button.danger').nth(1).click();
        await page.locator('dialog[open]').waitFor();
    } },
];

const away = (name, open) => ({ name, detail: name === 'village-offline', who: 'village_new', faults: OFFLINE, open, leave: (page) => page.context().setOffline(false) });

/** What the page fetches for when the network is away, some seconds after its start, has come. */
function fetchedParts(page) {
    return page.waitForFunction(() => {
        const last = Math.max(...performance.getEntriesByType('resource').filter((r) => r.name.includes('/part-')).map((r) => r.responseEnd));
        return last > 3000 && performance.now() - last > 1000;
    });
}

async function goOffline(page) {
    await page.context().setOffline(true);
    await page.locator('.note.warn').first().waitFor();
}

const outage = [
    away('village-offline', async (page, state, people) => {
        await show(page, people, 'home', '.village-big');
        await goOffline(page);
    }),
    { ...away('village-waiting', async (page, state, people) => {
        await show(page, people, `new/${state.waiting}/consent`, 'canvas.village-sign');
        await sign(page);
        await fetchedParts(page);
        await page.evaluate((id) => { location.hash = `#/new/${id}/send`; }, state.waiting);
        await page.locator('.note.good').first().waitFor();
        await goOffline(page);
        await page.locator('.village-foot .button.primary').click();
        await page.locator('.village-sent').waitFor();
    }), async prepare(people, state) { // of a panel where nobody is rung when it goes at last
        state.waiting = (await act(people, 'village_new', 'consultation.saveDraft', heart({ ...RECORD, ...named('演示患者九'), panelId: 'pan_surgery' }))).draftId;
    }, leave: () => undefined },
    away('village-outbox', async (page) => {
        await page.evaluate(() => { location.hash = '#/outbox'; });
        await page.locator('.outbox-item').first().waitFor();
    }),
    { name: 'village-lock', detail: true, who: 'village_new', async open(page, state, people) {
        await show(page, people, 'home', '.village-big');
        await page.locator('.shell-top').getByRole('button', { name: '锁定' }).click();
        await page.locator('.locked').waitFor();
    }, async leave(page, state, people) {
        await page.locator('.locked input').fill(people.world.passwords.village_new);
        await page.locator('.locked button[type=submit]').click();
        await page.locator('.locked').waitFor({ state: 'detached' });
    } },
];

export const stops = [...signIn, ...cases, ...home, ...form, ...outage];
