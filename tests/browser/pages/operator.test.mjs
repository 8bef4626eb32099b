// SPDX-License-Identifier: Apache-2.0
// The operator's page over an installation that runs: what it says of relays and of who can't speak while a relay stands
// still, a relay taken into use, another drained; the next call shows that both were heard.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { remove, temporaryFolder } from '../support.mjs';
import { startChromium, startWorld, signIn } from './world.mjs';
import { startCall, startPeople, startRelay } from './office.mjs';

const folder = temporaryFolder();
const began = Date.now();
let world, people, context, page, second, call;

before(async () => {
    world = await startWorld(folder);
    [people, context] = await Promise.all([startPeople(world), startChromium(`${folder}/chromium`)]);
    call = await startCall(people);
    page = await signIn(context, world, 'operator');
    page.setDefaultTimeout(30_000); // the page looks every five seconds
});

after(async () => {
    people?.close();
    await context?.close();
    await second?.stop();
    await world?.stop();
    remove(folder);
});

const unable = (text) => page.getByRole('region', { name: '现在不能正常通话的机构' }).getByText(text);
const relay = (id) => page.locator('.operator-relay').filter({ has: page.getByRole('heading', { name: id, exact: true }) });

test('relays, institutions in a tree and where they lie', async () => {
    await relay('county-1').getByText('正常', { exact: true }).waitFor();
    const tree = page.locator('.operator-tree');
    assert.equal(await tree.locator('li').filter({ hasText: '山桥县人民医院' }).locator('ul li').filter({ hasText: '云岭村卫生室' }).count() > 0, true);
    const map = page.locator('.operator-land');
    await map.locator('title', { hasText: '云岭村卫生室' }).waitFor({ state: 'attached' });
    const at = async (name) => map.locator('.operator-spot').filter({ has: page.locator('title', { hasText: name }) }).locator('circle, path').first().boundingBox();
    const [east, west] = [await at('云岭村卫生室'), await at('石门村卫生室')];
    assert.ok(east.x > west.x && east.y < west.y, 'north is above, east is right');
});

test('a village in a call is named while its relay stands still', async () => {
    await world.order('pause relay');
    const row = page.locator('.operator-list li').filter({ hasText: '云岭村卫生室' }).filter({ hasText: '所用中继没有响应' });
    await row.waitFor();
    assert.match(await row.textContent(), /经 county-1/);
    await relay('county-1').getByText('没有响应', { exact: true }).waitFor();
    await unable('没有可用的中继').waitFor(); // it was the only one
    assert.equal(await page.locator('.operator-list li').filter({ hasText: '石门村卫生室' }).count(), 0, 'who is in no call is not named');
    await world.order('resume relay');
    await relay('county-1').getByText('正常', { exact: true }).waitFor();
    await row.waitFor({ state: 'detached' });
    assert.equal(await unable('没有可用的中继').count(), 0);
    await people.specialist.call('consultation.end', { id: call });
});

test('a relay is added, the other one drained, and the next call goes to the new one', async () => {
    second = await startRelay(world, 'city-2', 'city');
    await page.getByRole('button', { name: '添加中继' }).click();
    await page.getByLabel('编号').fill('city-2');
    await page.getByLabel('所在级别').selectOption('city');
    await page.getByText('端口不同时').click();
    await page.getByLabel('命令地址').fill(second.commands);
    await page.getByLabel('心跳地址').fill(second.heartbeats);
    await page.getByRole('button', { name: '添加并检查' }).click();
    await page.getByText('已收到 city-2 的心跳').waitFor();
    await page.getByRole('button', { name: '关闭' }).click();
    await relay('county-1').getByRole('button', { name: '停止接收新通话' }).click();
    await page.locator('dialog[open]').getByRole('button', { name: '停止接收新通话' }).click();
    await relay('county-1').getByText('不接收新通话', { exact: true }).waitFor();
    await people.specialist.call('opinion.sign', { consultationId: call, opinion: { findings: '-', diagnosis: '-', plan: '-', advice: '-', referral: '', limits: '' } });
    await startCall(people);
    await relay('city-2').getByText('与机构的链路（2）').waitFor();
    assert.equal(await relay('county-1').getByText('与机构的链路').count(), 0);
});

test('charts of a relay', async (t) => {
    await relay('county-1').getByRole('button', { name: '曲线' }).click();
    const load = page.getByRole('figure', { name: '负载 %' });
    await load.locator('svg').waitFor();
    await page.getByRole('radio', { name: '7 天' }).check();
    await page.getByText('每 10 分钟一个点').waitFor();
    await page.getByRole('button', { name: '关闭' }).click();
    assert.equal(await page.getByText('条节点消息').count(), 0, 'nothing came with a wrong key');
    assert.deepEqual(page.faults, []);
    t.diagnostic(JSON.stringify({ seconds: Math.round((Date.now() - began) / 1000) }));
});
