// SPDX-License-Identifier: Apache-2.0
// What one does in a call of two: devices checked before it, own streams and how they are captured, an examination as a
// stream of its own, a still in full quality, quality in words with its reason, materials and pictures beside the call.
import assert from 'node:assert/strict';
import test from 'node:test';
import { COUNTY, VILLAGE, remove, temporaryFolder, until } from '../support.mjs';
import { control, flow, goIn, makeCall, untilSeen } from './callroom.mjs';
import { SIZES, signIn, startChromium, startWorld, stats } from './world.mjs';

const PLAIN = 2; // Chromium's first and third false camera give pictures as most cameras do, the second depths
const VILLAGER = '村医（演示）';
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const SPEECH = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

const shown = (page, words) => page.getByText(words).first().waitFor();
const goTo = (page, hash) => page.evaluate((h) => { location.hash = h; }, hash);
const quality = (page) => page.locator('.call-quality').innerText();

/** What a page sends: kind, settings, hint and state of each track. */
function sent(page) {
    return page.evaluate(() => window.connections.filter((c) => c.connectionState !== 'closed').flatMap((c) => c.getSenders()).filter((s) => s.track)
        .map(({ track }) => ({ kind: track.kind, hint: track.contentHint, state: track.readyState, ...track.getSettings() })));
}

async function more(page, words) {
    await control(page, '更多').click();
    await page.locator('.call-more').getByRole('button', { name: words, exact: true }).click();
}

const SIDEWAYS = [[844, 390], [667, 375]];

/** Words of the call's buttons that are not whole in the window or whose own words are cut; is anything said of quality cut? */
function beyond(page) {
    return page.evaluate(() => {
        const cut = (e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1;
        const out = ({ left, top, right, bottom }) => left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
        const boxes = [...document.querySelectorAll('.call-controls > button')];
        const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        const besides = [...document.querySelectorAll('.call-self, .call-panel, .call-stage, .call-quality')].filter((e) => e.checkVisibility());
        const under = boxes.filter((b) => besides.some((e) => meets(b.getBoundingClientRect(), e.getBoundingClientRect())));
        const words = [...document.querySelectorAll('.call-quality .call-words')].filter((e) => e.checkVisibility() && out(e.getBoundingClientRect()));
        return { buttons: boxes.length, out: boxes.filter((b) => out(b.getBoundingClientRect()) || cut(b)).map((b) => b.innerText), under: under.map((b) => b.innerText),
            quality: words.length + [...document.querySelectorAll('.call-quality')].filter(cut).length, stage: document.querySelector('.call-stage').clientHeight };
    });
}

/** Elements of `over` that cover a button of the call. */
function covered(page, over) {
    return page.evaluate((selector) => {
        const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        const boxes = (all) => [...all].map((e) => e.getBoundingClientRect()).filter((r) => r.width * r.height > 0);
        const buttons = boxes(document.querySelectorAll('.call-controls button, .call-notices button, .call-panel button, .call-self, .shell-top a, .shell-top button'));
        const said = boxes(document.querySelectorAll(selector));
        return { said: said.length, covered: said.filter((r) => buttons.some((b) => meets(r, b))).length };
    }, over);
}

test('two people in a call', { timeout: 170_000 }, async (t) => {
    const folder = temporaryFolder();
    const world = await startWorld(folder);
    const contexts = [];
    t.after(async () => {
        await Promise.all(contexts.map((c) => c.close()));
        await world.stop();
        remove(folder);
    });
    const open = async (name, who, cameras) => {
        const context = await startChromium(`${folder}/${name}`, { who, cameras });
        contexts.push(context);
        return context;
    };
    const [ours, theirs] = await Promise.all([open('village', VILLAGE, 4), open('specialist', COUNTY)]);
    const id = await makeCall(world);
    const specialist = await goIn(theirs, world, 'specialist', id);
    const village = await signIn(ours, world, 'village');

    await t.test('devices are checked before it, and the result is told', async () => {
        await goTo(village, `#/case/${id}`);
        await village.getByRole('link', { name: '检测设备' }).click();
        await village.waitForURL((url) => url.hash === `#/device-check/${id}`);
        await shown(village, '话筒正常，声音清楚。');
        await village.waitForFunction(() => { const v = document.querySelector('.call-preview video'); return v && v.videoWidth > 0 && v.readyState >= 2; });
        await village.getByRole('button', { name: '播放测试音' }).click();
        await village.getByRole('button', { name: '听到了' }).click();
        await village.getByRole('button', { name: '检测完成，告知会诊中心' }).click();
        await shown(village, '检测结果已发送');
        assert.deepEqual(await village.locator('.call-check .tag').allInnerTexts(), Array(4).fill('✓ 正常'));
        await village.getByRole('link', { name: '进入通话' }).click();
    });

    await t.test('the other is large, oneself small; both see and hear', async () => {
        await Promise.all([untilSeen(village, ['specialist'], 'the village'), untilSeen(specialist, ['village'], 'the specialist')]);
        for (const page of [village, specialist]) {
            const [large, small] = await Promise.all([page.locator('.call-main').boundingBox(), page.locator('.call-self').boundingBox()]);
            assert.ok(large.width > 3 * small.width && large.height > 250, `${large.width}x${large.height} against ${small.width}`);
            await until(async () => (await flow(page)).energy > 0.001, 'sound comes');
        }
        const speech = (await sent(village)).find((s) => s.kind === 'audio');
        for (const [name, value] of Object.entries(SPEECH)) assert.equal(speech[name], value, name);
    });

    await t.test('mute and camera off are told; off is off; another camera goes on as the same stream', async () => {
        await control(village, '静音').click();
        await control(village, '关摄像头').click();
        await shown(specialist, '已静音');
        await shown(specialist, `${VILLAGER}没有发送画面`);
        assert.ok((await sent(village)).filter((s) => s.kind === 'video').every((s) => s.state === 'ended'), 'the lamp of the camera goes out');
        await until(async () => (await quality(specialist)).includes(`${VILLAGER}已静音，也没有发送画面`), 'the words say it too');
        await until(async () => (await quality(village)).includes('您已静音，也没有发送画面'), 'on both sides');
        await control(village, '取消静音').click();
        await control(village, '开摄像头').click();
        await untilSeen(specialist, ['village'], 'the specialist');
        const camera = async () => (await sent(village)).find((s) => s.kind === 'video' && s.state === 'live')?.deviceId;
        const former = await camera();
        for (let i = 0; i < PLAIN; i++) await more(village, '切换摄像头');
        await until(async () => { const now = await camera(); return now && now !== former; }, 'the other camera');
        await untilSeen(specialist, ['village'], 'the specialist');
    });

    await t.test('an examination is a picture and a sound of its own, as the device gives them', async () => {
        await control(village, '共享检查').click();
        const dialog = village.locator('dialog[open]');
        await dialog.locator('select').first().locator('option').nth(1).waitFor({ state: 'attached' });
        for (const select of [0, 1]) await dialog.locator('select').nth(select).selectOption({ index: 1 });
        await dialog.getByRole('button', { name: '开始共享' }).click();
        await specialist.locator('.call-main[data-source="examination"]').waitFor();
        await shown(specialist, `检查画面：${VILLAGER}`);
        await untilSeen(specialist, ['village', 'village'], 'the specialist');
        const streams = await sent(village);
        assert.equal(streams.filter((s) => s.kind === 'video' && s.state === 'live').length, 2, 'the face stays');
        const heart = streams.find((s) => s.kind === 'audio' && s.hint === 'music');
        for (const [name, value] of Object.entries(RAW)) assert.equal(heart[name], value, name);
        await until(async () => (await flow(specialist)).in === 4, 'four streams come');
        await control(village, '停止共享').click();
        await specialist.locator('.call-main[data-source="camera"]').waitFor();
    });

    await t.test('a still that is asked for comes as a material in full quality, and is looked at together', async () => {
        await control(specialist, '请对方拍照').click();
        await village.locator('.call-notices').getByRole('button', { name: '拍照' }).click();
        const photo = village.locator('img.call-photo');
        await photo.waitFor();
        const taken = await photo.evaluate(async (img) => { await img.decode(); return { width: img.naturalWidth, height: img.naturalHeight }; });
        const camera = (await sent(village)).find((s) => s.kind === 'video' && s.state === 'live');
        assert.ok(taken.width >= camera.width && taken.height >= camera.height, `${taken.width}x${taken.height} of a camera of ${camera.width}x${camera.height}`);
        await village.getByRole('button', { name: '作为资料上传' }).click();
        await control(specialist, '资料').click();
        await specialist.locator('.call-panel .viewers-row').first().click({ timeout: 60_000 });
        await until(() => specialist.locator('.call-float img, .call-float canvas').count(), 'the specialist sees it');
        await specialist.locator('.call-float').getByRole('button', { name: '请大家一起看' }).click();
        await village.locator('.call-float').waitFor();
        t.diagnostic(JSON.stringify({ still: taken, camera: [camera.width, camera.height] }));
        for (const page of [village, specialist]) await page.locator('.call-float').getByRole('button', { name: '关闭', exact: true }).last().click();
        await specialist.locator('.call-panel-top button').click();
    });

    await t.test('a message lies over no button, and the pictures keep their room', async () => {
        for (const [name, size] of Object.entries(SIZES)) {
            await specialist.setViewportSize(size);
            await control(specialist, '请对方拍照').click();
            const over = await until(async () => { // one look: messages come and go
                const seen = await covered(specialist, '.call-over .toasts .note');
                return seen.said > 0 && seen;
            }, 'a message');
            assert.equal(over.covered, 0, name);
            const stage = await specialist.locator('.call-stage').boundingBox();
            assert.ok(stage.height > size.height * 0.4, `${name}: the pictures have ${stage.height} of ${size.height}`);
            assert.ok(await specialist.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: nothing to scroll sideways`);
            await village.locator('.call-notices').getByRole('button', { name: '暂时不拍' }).click();
        }
        await specialist.setViewportSize(SIZES.clinic);
    });

    await t.test('on a phone held sideways all buttons are in view beside the pictures, in both languages and with large text', async () => {
        for (const [language, chat] of [['English', 'Chat'], ['中文', '聊天']]) {
            await village.setViewportSize(SIZES.clinic);
            await village.getByRole('button', { name: language, exact: true }).click();
            for (const [width, height] of SIDEWAYS) for (const text of [18, 30]) for (const open of [false, true]) {
                await village.setViewportSize({ width, height });
                await village.evaluate((px) => document.documentElement.style.setProperty('--text', `${px}px`), text);
                if (open) await control(village, chat).click();
                const { buttons, out, under, quality, stage } = await beyond(village);
                assert.deepEqual({ out, under, quality }, { out: [], under: [], quality: 0 }, `${language} ${width}x${height}, text of ${text} px${open ? ', chat open' : ''}`);
                assert.ok(buttons === 10 && stage > height * 0.3, `${buttons} buttons, ${stage} px of pictures`);
                if (open) await control(village, chat).click();
            }
            await village.evaluate(() => document.documentElement.style.setProperty('--text', '18px'));
        }
        await village.setViewportSize(SIZES.clinic);
    });

    await t.test('a material in a window of its own is gone when the page locks', async () => {
        await control(village, '资料').click();
        await village.locator('.call-panel .viewers-row').first().click();
        const [own] = await Promise.all([village.context().waitForEvent('page'), village.locator('.call-float').getByRole('button', { name: '单独窗口' }).click()]);
        await own.locator('img, canvas').first().waitFor();
        assert.equal(await village.locator('.call-float').count(), 0, 'it is in one place');
        assert.equal(await own.evaluate(() => getComputedStyle(document.querySelector('.button')).borderTopStyle), 'solid', 'and looks like the pages');
        const gone = own.waitForEvent('close');
        await village.getByRole('button', { name: '锁定' }).click();
        await village.locator('.locked').waitFor();
        await gone;
        await village.locator('.locked input').fill(world.passwords.village);
        await village.locator('.locked input').press('Enter');
        await village.locator('.locked').waitFor({ state: 'detached' });
        await village.locator('.call-panel-top button').click();
        await untilSeen(village, ['specialist'], 'the village');
    });

    await t.test('the devices are checked from within the call too', async () => {
        await more(village, '设备检测');
        await shown(village, '话筒正常，声音清楚。');
        await village.locator('.call-dock').getByRole('button', { name: '返回通话' }).click();
        await untilSeen(village, ['specialist'], 'the village');
    });

    await t.test('quality of both directions is said, with the reason of a change', async () => {
        await until(async () => (await quality(village)).includes('心内科专家（演示）听您'), 'the village learns how it is heard');
        await until(async () => (await quality(specialist)).includes('您听村医（演示）'), 'the specialist reads how it hears');
        await more(village, '设备');
        await village.getByText('只传声音', { exact: true }).click();
        await village.locator('dialog[open]').getByRole('button', { name: '确定' }).click();
        await shown(village, '按您的选择，现在只传声音');
        await until(async () => /对方没有发送画面/.test(await quality(specialist)), 'the specialist reads that no picture is sent');
        await more(village, '设备');
        await village.getByText('自动：先保声音', { exact: true }).click();
        await village.locator('dialog[open]').getByRole('button', { name: '确定' }).click();
        await untilSeen(specialist, ['village'], 'the specialist');
        await village.evaluate(async () => { // an encoder that may send next to nothing
            for (const sender of window.connections.flatMap((c) => c.getSenders()).filter((s) => s.track?.kind === 'video' && s.track.readyState === 'live')) {
                const parameters = sender.getParameters();
                for (const encoding of parameters.encodings) Object.assign(encoding, { maxBitrate: 20_000, maxFramerate: 2 });
                await sender.setParameters(parameters);
            }
        });
        await until(async () => /看画面(较模糊|一般)。\s*原因：/.test(await quality(specialist)), 'the specialist reads what changed and why', 40);
        await until(async () => /看您画面(较模糊|一般)。\s*原因：/.test(await quality(village)), 'and so does the village', 40);
        t.diagnostic(JSON.stringify({ specialist: await quality(specialist), village: await quality(village) }));
    });

    await t.test('a small window shows the other, and the call goes on beside another page', async () => {
        await more(village, '小窗');
        const inPicture = () => village.evaluate(() => { const v = document.pictureInPictureElement; return v ? { large: v.closest('.call-main') !== null, tracks: v.srcObject.getVideoTracks().length } : null; });
        if (await village.evaluate(() => document.pictureInPictureEnabled)) {
            await until(inPicture, 'the small window');
            assert.deepEqual(await inPicture(), { large: true, tracks: 1 });
            await more(village, '小窗');
            await until(async () => !(await inPicture()), 'the small window goes');
        } else await shown(village, '此浏览器不支持小窗');
        await goTo(village, '#/cases');
        await village.waitForFunction(() => { const v = document.querySelector('.call-dock video'); return v && v.videoWidth > 0 && v.readyState >= 2; });
        const before = await flow(specialist);
        await until(async () => (await flow(specialist)).frames > before.frames, 'the other sees on');
        await village.locator('.call-dock').getByRole('button', { name: '返回通话' }).click();
        await untilSeen(village, ['specialist'], 'the village');
    });
    assert.deepEqual([...village.faults, ...specialist.faults], []);
    assert.ok((await stats(village)).length > 0);
});
