// SPDX-License-Identifier: Apache-2.0
// An MDT in four browsers: village, chair, a second specialist, a trainee who observes. Who sees whom, who speaks, what
// the chair alone may do, hands, talk in writing that outlives a reload, and that leaving is not ending.
import assert from 'node:assert/strict';
import test from 'node:test';
import { COUNTY, VILLAGE, remove, temporaryFolder, until } from '../support.mjs';
import { control, flow, goIn, makeMdt, seen, untilSeen } from './callroom.mjs';
import { startChromium, startWorld } from './world.mjs';

const NAMES = { village: '村医（演示）', specialist: '心内科专家（演示）', second: '外科专家（演示）', trainee: '规培学员（演示）' };
const EXPERTS = ['village', 'specialist', 'second'];

/** A person's row in the list of people. */
const row = (page, name) => page.locator('.call-people li', { hasText: NAMES[name] });
const tile = (page, name) => page.locator(`[data-participant="acc_${name}"][data-source="camera"]`);
const text = (page, words) => page.getByText(words).first().waitFor();

test('an MDT is held, observed, led and ended in the pages', { timeout: 170_000 }, async (t) => {
    const folder = temporaryFolder();
    const world = await startWorld(folder);
    const contexts = [];
    t.after(async () => {
        await Promise.all(contexts.map((c) => c.close()));
        await world.stop();
        remove(folder);
    });
    const id = await makeMdt(world);
    const enter = async (name) => {
        const context = await startChromium(`${folder}/${name}`, { who: name === 'village' ? VILLAGE : COUNTY });
        contexts.push(context);
        return goIn(context, world, name, id);
    };
    const people = Object.fromEntries(await Promise.all([...EXPERTS, 'trainee'].map(async (name) => [name, await enter(name)])));
    const { village, specialist: chair, second, trainee } = people;

    await t.test('everybody sees all who take part; an observer sends nothing and is named, not shown', async () => {
        await Promise.all(EXPERTS.map((name) => untilSeen(people[name], EXPERTS.filter((other) => other !== name), name)));
        await untilSeen(trainee, EXPERTS, 'the trainee');
        const sent = await flow(trainee);
        assert.deepEqual([sent.out, sent.bytesOut], [0, 0], 'an observer sends no stream');
        assert.equal(await trainee.locator('.call-self').count(), 0);
        await until(async () => (await flow(trainee)).energy > 0.001, 'the trainee hears');
        for (const name of EXPERTS) {
            await text(people[name], `观摩在场：${NAMES.trainee}`);
            assert.equal(await tile(people[name], 'trainee').count(), 0);
        }
        await text(trainee, '您以观摩身份参加');
        assert.deepEqual(await trainee.locator('.call-controls > button').allInnerTexts().then((all) => all.map((one) => one.trim())), ['举手', '聊天', '人员', '更多', '离开']);
    });

    await t.test('who speaks is shown; who mutes is named to all, and to who comes later', async () => {
        const mute = async (names) => Promise.all(names.map((name) => control(people[name], '静音').first().click()));
        await mute(['specialist', 'second']);
        await until(async () => await trainee.locator('.call-main').getAttribute('data-participant') === 'acc_village', 'the trainee sees large who speaks');
        await tile(trainee, 'village').getByText('正在发言').waitFor();
        await tile(village, 'second').getByTitle('已静音').waitFor();
        await village.reload();
        await tile(village, 'second').getByTitle('已静音').waitFor();
        await tile(village, 'specialist').getByText('已静音').first().waitFor();
        for (const name of ['specialist', 'second']) await control(people[name], '取消静音').click();
        await tile(village, 'second').getByTitle('已静音').waitFor({ state: 'detached' });
    });

    await t.test('hands are seen by all and answered by the chair; the word mutes the others', async () => {
        await control(second, '举手').first().click();
        await control(trainee, '举手').first().click();
        await text(chair, `举手：${NAMES.second}、${NAMES.trainee}`);
        await tile(village, 'second').getByTitle('举手').waitFor();
        await chair.getByRole('button', { name: `请${NAMES.second}发言`, exact: true }).click();
        await text(second, '主席请您发言');
        await text(village, `请${NAMES.second}发言`);
        await text(chair, `举手：${NAMES.trainee}`);
        assert.equal(await village.locator('.call-main').getAttribute('data-participant'), 'acc_second', 'who has the word is large');
        await control(chair, '人员').click();
        await row(chair, 'trainee').getByRole('button', { name: '放下此手' }).click();
        await control(trainee, '放下手').waitFor({ state: 'detached' });
        await row(chair, 'specialist').getByRole('button', { name: '请发言 · 其他人静音' }).click();
        await control(second, '取消静音').waitFor();
        await control(village, '取消静音').waitFor();
        await text(village, '您已静音；需要时可自行取消静音');
        await control(village, '取消静音').click();
        await row(chair, 'village').getByRole('button', { name: '请静音', exact: true }).click();
        await text(village, '主席请您静音');
        await village.locator('.call-notices').getByRole('button', { name: '静音', exact: true }).click();
        await control(village, '取消静音').click();
        await chair.getByRole('button', { name: '收回发言' }).click();
        await village.getByText(`请${NAMES.specialist}发言`).waitFor({ state: 'detached' });
        assert.equal(await row(second, 'village').count(), 0);
        await control(second, '人员').click();
        assert.equal(await second.getByRole('button', { name: '添加人员' }).count(), 0, 'only the chair adds');
        assert.equal(await row(second, 'village').getByRole('button', { name: '请发言', exact: true }).count(), 0);
    });

    await t.test('talk in writing is there after a reload; an observer reads it', async () => {
        await control(second, '聊天').click();
        await second.getByLabel('写消息').fill('请把听诊器放在心尖部。');
        await second.getByLabel('写消息').press('Enter');
        await control(village, '聊天').getByText('1').first().waitFor();
        await control(village, '聊天').click();
        await village.locator('.call-log').getByText('请把听诊器放在心尖部。').waitFor();
        await village.reload();
        await control(village, '聊天').click();
        await village.locator('.call-log').getByText('请把听诊器放在心尖部。').waitFor();
        await control(trainee, '聊天').click();
        await trainee.locator('.call-log').getByText('请把听诊器放在心尖部。').waitFor();
        assert.equal(await trainee.getByLabel('写消息').count(), 0);
        await untilSeen(village, ['specialist', 'second'], 'the village after a reload');
    });

    await t.test('the chair adds somebody and takes somebody out', async () => {
        await chair.getByRole('button', { name: '添加人员' }).click();
        const dialog = chair.locator('dialog[open]');
        await dialog.locator('select').first().selectOption('pan_radiology');
        await dialog.getByText('您看不到此专家组的人员名单').waitFor();
        await dialog.getByLabel('或填人员账号').fill('acc_reader');
        await dialog.getByRole('button', { name: '添加', exact: true }).click();
        await text(chair, '已邀请，对方接受后会出现在名单中');
        await row(chair, 'trainee').getByRole('button', { name: '移出' }).click();
        await chair.locator('dialog[open] button.danger').click();
        await village.getByText('观摩在场').waitFor({ state: 'detached' });
        await text(trainee, '您不在这次会诊中，或已被移出');
        await until(async () => (await flow(trainee)).in === 0, 'nothing more comes to who was taken out');
    });

    await t.test('who leaves may come back and the others stay; ending asks, and ends it for all', async () => {
        assert.equal(await control(second, '结束会诊').count(), 0, 'an expert does not end it');
        await control(second, '离开').click();
        await second.locator('dialog[open]').getByRole('button', { name: '离开', exact: true }).click();
        await second.locator('.call-controls').waitFor({ state: 'detached' });
        await untilSeen(village, ['specialist'], 'the village');
        await second.evaluate((hash) => { location.hash = hash; }, `#/call/${id}`);
        await untilSeen(village, ['specialist', 'second'], 'the village');
        await control(chair, '结束会诊').click();
        await chair.locator('dialog[open]').getByRole('button', { name: '继续通话' }).click();
        assert.deepEqual(await seen(chair), ['acc_second', 'acc_village'], 'nothing ends by asking');
        await control(chair, '结束会诊').click();
        await chair.locator('dialog[open]').getByRole('button', { name: '结束会诊', exact: true }).click();
        for (const page of [village, chair, second]) {
            await text(page, '会诊通话已结束');
            await until(async () => (await flow(page)).out === 0, 'nothing more is sent');
        }
    });
    for (const [name, page] of Object.entries(people)) t.diagnostic(JSON.stringify({ name, faults: page.faults }));
    assert.deepEqual(EXPERTS.flatMap((name) => people[name].faults), []);
});
