// SPDX-License-Identifier: Apache-2.0
// Coordinator, quality office and administrator at their pages; what they did is read back on the wire by somebody else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { overlaps, turn } from '../gallery/look.mjs';
import { remove, temporaryFolder, until } from '../support.mjs';
import { startChromium, startWorld, signIn } from './world.mjs';
import { carryThrough, startPeople, submit, submitForTriage } from './office.mjs';

const folder = temporaryFolder();
const began = Date.now();
let world, people, context, page, quality;

before(async () => {
    world = await startWorld(folder);
    [people, context, quality] = await Promise.all([startPeople(world), startChromium(`${folder}/chromium`), world.signedIn('quality')]);
    page = await signIn(context, world, 'coordinator');
    page.setDefaultTimeout(15_000);
});

after(async () => {
    people?.close();
    quality?.close();
    await context?.close();
    await world?.stop();
    remove(folder);
});

const open = (place) => page.goto(`${world.https}#/${place}`);
const button = (name) => page.getByRole('button', { name, exact: true });
const told = (text) => page.locator('.toasts', { hasText: text }).waitFor();

/** The case as one of its sides sees it, once it has come to `state`. */
function cameTo(wire, id, state) {
    return until(async () => {
        const { consultation } = await wire.call('consultation.get', { id });
        return consultation.state === state ? consultation : undefined;
    }, `${id} to be ${state}`);
}

async function signInAs(name) {
    await button('退出登录').click();
    await page.locator('input[type=password]').waitFor();
    await context.newPage(); // the former one's address goes with it
    const former = page;
    page = await signIn(context, world, name);
    page.setDefaultTimeout(15_000);
    assert.deepEqual(former.faults, []);
    await former.close();
}

test('a request is triaged by keys alone, an expert invited and a time agreed', async () => {
    const { id } = await submitForTriage(people, { urgency: 'routine' });
    const row = page.locator(`a[href="#/intake/${id}"]`);
    await row.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: '常规' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByLabel('呼叫方式').focus();
    await page.keyboard.press('ArrowDown');
    await button('确定并邀请专家').focus();
    await page.keyboard.press('Enter');
    await told('已分诊');
    const routed = await cameTo(people.village_2, id, 'routed');
    assert.equal(routed.urgency, 'urgent');
    await people.specialist.call('consultation.accept', { id });
    const first = page.getByText('申请医生可以的时间：').locator('xpath=following-sibling::*[1]').getByRole('button').first();
    await first.focus(); // it came by itself: the coordinator's turn is told
    await page.keyboard.press('Enter');
    await told('已约定');
    const scheduled = await cameTo(people.village_2, id, 'scheduled');
    assert.equal(scheduled.slot.start, scheduled.candidateTimes[0].start);
});

test('a request is returned with a reason that outlives a reload', async () => {
    const { id } = await submitForTriage(people, { specialty: 'general_surgery' });
    await open(`intake/${id}`);
    await button('退回补充').click();
    await button('+ 请补充病史').click();
    await page.reload();
    const reason = page.getByRole('textbox', { name: '退回原因' });
    await until(async () => (await reason.inputValue().catch(() => '')) === '请补充病史' || undefined, 'the reason after a reload');
    await button('退回补充').click();
    const returned = await cameTo(people.village_2, id, 'returned');
    assert.equal(returned.reason, '请补充病史');
});

test('a ringing case goes to another specialty; a refused one to another panel', async () => {
    const { id } = await submit(people.village);
    await open(`intake/${id}`);
    await button('改派').click();
    await page.getByLabel('专科').selectOption('general_surgery');
    await page.getByLabel('专家组').selectOption('pan_surgery');
    await page.getByRole('textbox', { name: '原因' }).fill('疑为外科急腹症');
    await button('改派').click();
    await told('已改派');
    assert.equal((await people.second.until('consultation.ring')).consultation.id, id);
    await people.second.call('consultation.refuse', { id, reason: '正在手术' });
    await cameTo(people.village, id, 'refused');
    await page.getByRole('heading', { name: '重新开启' }).waitFor();
    await page.getByLabel('专科').selectOption('cardiology');
    await page.getByLabel('专家组').selectOption('pan_cardiology');
    await button('重新开启').click();
    await told('已重新开启');
    await people.specialist.call('consultation.accept', { id });
    assert.equal((await cameTo(people.village, id, 'accepted')).panel.id, 'pan_cardiology');
});

test('an expert is added to a case of several and taken out again', async () => {
    const more = { kind: 'mdt', results: '心电图 ST 段压低', diagnosis: '胸痛待查', treatment: '吸氧', panelId: 'pan_cardiology', panelIds: ['pan_surgery'] };
    const { id } = await submitForTriage({ village_2: people.village }, more);
    await people.specialist.call('consultation.accept', { id });
    await open(`intake/${id}`);
    await button('添加人员').click();
    await page.getByLabel('专家组').selectOption('pan_radiology');
    await page.getByRole('combobox', { name: '人员', exact: true }).selectOption('acc_reader');
    await button('添加').click();
    await told('已添加');
    await people.second.call('consultation.accept', { id });
    await button('移出人员').click();
    await page.getByRole('combobox', { name: '人员', exact: true }).selectOption('acc_second');
    await button('移出').click();
    await told('已移出');
    const { members } = (await people.village.call('consultation.get', { id })).consultation;
    assert.deepEqual(members.map((m) => m.account.id), ['acc_specialist']);
});

test('slots are offered by drawing and by keys, and one is withdrawn', async () => {
    await open('panels/pan_cardiology/slots');
    await page.getByRole('button', { name: '下一周' }).click();
    const cell = (day, slot) => page.locator(`[data-cell="${day}/${slot}"]`);
    await cell(1, 8).scrollIntoViewIfNeeded();
    const [from, to] = [await cell(1, 4).boundingBox(), await cell(1, 6).boundingBox()];
    await page.mouse.move(from.x + 20, from.y + 8);
    await page.mouse.down();
    await page.mouse.move(to.x + 20, to.y + 8, { steps: 6 });
    await page.mouse.up();
    await button('开放预约').click();
    await told('已开放 3 个预约时间');
    await page.locator('.coordinator-week td[tabindex="0"]').focus();
    for (const key of ['Home', 'ArrowRight', 'Shift+ArrowDown']) await page.keyboard.press(key);
    await button('开放预约').focus();
    await page.keyboard.press('Enter');
    await told('已开放 2 个预约时间');
    await page.locator('.coordinator-slot').nth(4).waitFor();
    await page.locator('.coordinator-slot').first().click(); // 07:00, offered by keys
    await button('撤回').click();
    await told('已撤回');
    const span = [0, 14].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
    const { slots } = await people.specialist.call('schedule.slots', { panelId: 'pan_cardiology', from: span[0], until: span[1] });
    const clock = (iso) => new Date(iso).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
    assert.deepEqual(slots.map((s) => clock(s.start)).sort(), ['07:30', '09:00', '09:30', '10:00']);
});

test('the same time is not offered twice; what was said follows the language', async () => {
    const cell = page.locator('[data-cell="1/4"]');
    await cell.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await cell.boundingBox();
    await page.locator('[data-cell="1/3"]').scrollIntoViewIfNeeded();
    const above = await page.locator('[data-cell="1/3"]').boundingBox();
    await page.mouse.move(above.x + 20, above.y + 8);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 6 }); // into a slot that is there
    await page.mouse.up();
    await page.locator('.coordinator-offer', { hasText: '已有 1 个时段' }).waitFor();
    await button('开放预约').click();
    await told('该时间开放的时段已与专家组人数相同');
    await turn(page, { language: 'en', size: 'clinic' });
    await told('the panel offers as many slots as it has members');
    assert.doesNotMatch(await page.locator('.toasts').innerText(), /[\u4e00-\u9fff]/);
});

test('in a list of cases no text lies over another, with the longest words on the clinic\'s screen', async () => {
    await open('cases');
    await page.getByRole('radio', { name: 'All' }).check();
    await page.locator('.coordinator-row').nth(3).waitFor();
    assert.deepEqual(await overlaps(page), []);
    await page.locator('.coordinator-who').first().evaluate((who) => { who.style.transform = `translateX(${who.previousElementSibling.getBoundingClientRect().left - who.getBoundingClientRect().left}px)`; });
    assert.ok((await overlaps(page)).length > 0, 'an overlap would be found');
    await turn(page, { language: 'zh-CN', size: 'clinic' });
});

test('a roster is drawn and keyed, and saved', async () => {
    await open('panels/pan_cardiology/roster');
    await button('添加班次').click();
    await button('确定').click();
    const bar = page.locator('[data-bar="0/tue"]');
    await bar.scrollIntoViewIfNeeded();
    const box = await bar.boundingBox(), hour = (await page.locator('.coordinator-track').first().boundingBox()).width / 168;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 2 * hour, box.y + box.height / 2, { steps: 6 });
    await page.mouse.up();
    await page.locator('[data-bar="0/wed"]').focus();
    for (const key of ['Shift+ArrowRight', 'Alt+ArrowLeft', 'Delete']) await page.keyboard.press(key);
    await button('保存值班表').click();
    await told('值班表已保存');
    const { shifts } = await people.specialist.call('roster.get', { panelId: 'pan_cardiology' });
    assert.deepEqual(shifts, [{ account: 'acc_specialist', weekdays: ['mon', 'tue', 'thu', 'fri'], start: '09:30', end: '19:30' }]);
});

/** The numbers of a plot as its table has them, by name. */
async function plotted(title) {
    const rows = await page.getByRole('figure', { name: `${title} 例`, exact: true }).locator('tbody tr').evaluateAll((all) => all.map((r) => [...r.cells].map((c) => c.textContent)));
    return Object.fromEntries(rows.map(([name, value]) => [name, Number(value)]).filter(([, value]) => value));
}

const sumBy = (groups, key, of) => groups.reduce((sums, g) => ({ ...sums, [g[key]]: (sums[g[key]] ?? 0) + of(g) }), {});

test('plots and CSV hold the numbers of the wire', async () => {
    await carryThrough(people, { concordance: 'agrees', avoidedTransfer: true });
    await carryThrough(people, { concordance: 'differs', avoidedTransfer: false });
    await open('statistics');
    await page.getByRole('figure', { name: '按类型 例' }).waitFor();
    const span = { from: new Date(Date.now() - 86_400_000).toISOString(), until: new Date(Date.now() + 86_400_000).toISOString() };
    const { groups } = await quality.call('statistics.get', { institutionId: 'ins_county', ...span, by: ['level', 'institution', 'specialty', 'kind'] });
    const kinds = sumBy(groups, 'kind', (g) => g.cases);
    assert.ok(kinds.live >= 5 && kinds.mdt === 1, JSON.stringify(kinds));
    assert.deepEqual(await plotted('按类型'), { 实时会诊: kinds.live, 多学科会诊: kinds.mdt });
    const places = sumBy(groups, 'institution', (g) => g.cases);
    assert.deepEqual(await plotted('按申请机构'), { 云岭村卫生室: places.ins_village, 石门村卫生室: places.ins_village_2 });
    assert.deepEqual(await plotted('最终诊断与会诊意见'), { 一致: 1, 不一致: 1 });
    const link = page.getByRole('link', { name: '下载表格（CSV）' });
    const spanOfLink = async () => { const query = new URL(await link.getAttribute('href'), world.https).searchParams; return Math.round((Date.parse(query.get('until')) - Date.parse(query.get('from'))) / 86_400_000); };
    assert.equal(await spanOfLink(), 90);
    const weeks = page.getByRole('figure', { name: '会诊数量变化' }).locator('tbody tr');
    const before = await weeks.count();
    await button('近 30 天').click();
    await until(async () => await weeks.count() < before || undefined, 'plots of the shorter span, at once');
    assert.equal(await spanOfLink(), 30);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载表格（CSV）' }).click()]);
    const [head, ...rows] = readFileSync(await download.path(), 'utf8').trim().split('\r\n').map((line) => line.split(',').map((cell) => cell.replace(/^"|"$/g, '')));
    const column = (name) => head.indexOf(name);
    assert.equal(rows.length, groups.length);
    assert.deepEqual(rows.reduce((sums, r) => ({ ...sums, [r[column('kind')]]: (sums[r[column('kind')]] ?? 0) + Number(r[column('cases')]) }), {}), kinds);
    assert.equal(rows.reduce((sum, r) => sum + Number(r[column('transfers_avoided')]), 0), 1);
});

test('an administrator gives a role and ends an account', async () => {
    await signInAs('admin');
    await open('accounts');
    await page.getByRole('button', { name: '角色 进修医生（演示）' }).click();
    await page.locator('dialog[open] label', { hasText: '协调员' }).click();
    await button('保存').click();
    await told('角色已修改');
    const observer = await world.signedIn('observer');
    assert.deepEqual([...observer.account.roles].sort(), ['coordinator', 'specialist']);
    observer.close();
    await page.getByRole('button', { name: '停用账号 进修医生（演示）' }).click();
    await page.locator('dialog[open] .button.danger').click();
    await told('已停用');
    await assert.rejects(world.signedIn('observer'));
});

test('the quality office finds who did it', async (t) => {
    quality.close();
    await signInAs('quality');
    await open('audit');
    await page.getByLabel('对象编号').fill('acc_observer');
    await button('查询').click();
    const rows = page.locator('.quality-audit tbody tr');
    for (const act of ['account.setRoles', 'account.disable']) {
        const row = rows.filter({ hasText: act });
        await row.waitFor();
        assert.match(await row.textContent(), /acc_admin/);
        for (const name of ['管理员（演示）', '进修医生（演示）']) assert.ok((await row.textContent()).includes(name), `${name} by name`);
    }
    await rows.filter({ hasText: 'account.disable' }).getByRole('button', { name: 'acc_admin' }).click();
    await rows.filter({ hasText: 'account.disable' }).waitFor();
    assert.equal(await page.getByLabel('账号编号').inputValue(), 'acc_admin');
    const acts = page.getByRole('combobox', { name: '操作' });
    await acts.selectOption('account.setRoles');
    await rows.filter({ hasText: 'account.disable' }).waitFor({ state: 'detached' });
    assert.ok((await rows.locator('code').allTextContents()).every((act) => act === 'account.setRoles'));
    assert.deepEqual(page.faults, []);
    t.diagnostic(JSON.stringify({ seconds: Math.round((Date.now() - began) / 1000) }));
});
