// SPDX-License-Identifier: Apache-2.0
// A request on a computer of a clinic: nothing is consented to without a signature of the text that was shown, photos come
// from the computer's own camera, and what is still missing is said before it is sent.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { VILLAGE, remove, temporaryFolder, until } from '../support.mjs';
import { drawSignature, go } from './steps.mjs';
import { signIn, startChromium, startWorld } from './world.mjs';

const NAME = '演示患者';
let world, folder, context, page;

before(async () => {
    folder = temporaryFolder();
    world = await startWorld(folder);
    context = await startChromium(`${folder}/browser`, { who: VILLAGE, cameras: 4 });
    page = await signIn(context, world, 'village_2'); // whose agreement wants a time named
    await page.setViewportSize({ width: 1024, height: 600 });
});

after(async () => {
    await context?.close();
    await world.stop();
    remove(folder);
});

const button = (name) => page.getByRole('button', { name, exact: true });
const said = (words) => page.getByText(words).first().waitFor();

async function toStep(step) {
    await page.evaluate((s) => { location.hash = location.hash.replace(/\/[a-z]+$/, `/${s}`); }, step);
    await page.waitForURL((url) => url.hash.endsWith(`/${step}`));
}

/** As a field for date and time takes it. */
function inDays(days) {
    const date = new Date(Date.now() + days * 86_400_000 - new Date().getTimezoneOffset() * 60_000);
    return date.toISOString().slice(0, 16);
}

/** How many things are missing, as each screen says it. */
const missing = async () => Number(/\d+/.exec(await page.getByRole('button', { name: /还缺 \d+ 项/ }).innerText().catch(() => '0'))?.[0] ?? 0);

test('a voice note comes before typing, and each screen says what is still missing', { timeout: 60_000 }, async () => {
    await button('开始会诊').or(page.getByRole('button', { name: '开始会诊' })).first().click();
    await page.getByLabel('姓名').fill(NAME);
    await page.getByLabel('年龄（岁）').fill('62');
    await page.getByLabel('男', { exact: true }).check();
    const first = await missing();
    assert.ok(first > 2, `${first} are missing`);
    await toStep('complaint');
    const voice = await page.getByRole('button', { name: '说一段话' }).boundingBox();
    const foot = await page.locator('.village-foot').boundingBox();
    assert.ok(voice.y + voice.height <= foot.y, `the voice note ends at ${voice.y + voice.height}, what is below ${foot.y} is not seen`);
    await page.getByLabel('主诉').fill('胸闷两小时');
    await toStep('how');
    await page.getByLabel('会诊目的').fill('协助诊断');
    await toStep('whom');
    await page.getByRole('radio', { name: '心内科会诊组' }).first().check();
    assert.ok(await missing() < first, 'it grows less');
});

test('a signature belongs to the text that was shown', { timeout: 60_000 }, async () => {
    await toStep('consent');
    await page.getByRole('checkbox', { name: '同意会诊' }).check();
    await page.getByLabel('签署人姓名').fill(NAME);
    const text = await page.locator('.village-consent-text').innerText();
    assert.ok(!/[（(](care|share|recording|teaching)[）)]/.test(text), 'plain words');
    await toStep('send');
    await page.getByRole('button', { name: '签名（屏幕签名、签字照片或录音）' }).waitFor();
    assert.equal(await button('发送申请').isEnabled(), false, 'not without a signature');
    await toStep('consent');
    await drawSignature(page);
    await button('English').click();
    await said('the signature was cleared');
    assert.equal(await page.getByText('✓ Signed').count(), 0);
    await button('中文').click();
    await page.locator('canvas.village-sign').waitFor();
    await page.getByText('远程会诊知情同意书').first().waitFor();
    await drawSignature(page);
});

test('what the agreement asks for is missing before it is sent, and a time that is over too', { timeout: 60_000 }, async () => {
    await toStep('send');
    await page.getByRole('button', { name: '方便的时间', exact: true }).first().waitFor();
    assert.equal(await button('发送申请').isEnabled(), false);
    await toStep('times');
    await page.locator('input[type=datetime-local]').first().fill('2020-01-01T09:00');
    await said('这个时间已经过去');
    await toStep('send');
    await page.getByRole('button', { name: '已经过去的备选时间' }).waitFor();
    assert.equal(await button('发送申请').isEnabled(), false);
    await toStep('times');
    await page.locator('input[type=datetime-local]').first().fill(inDays(3));
    await toStep('send');
    await said('必填内容已齐全');
});

test('the camera of the computer takes a photo', { timeout: 60_000 }, async () => {
    await toStep('files');
    await button('拍照').click();
    const dialog = page.locator('dialog[open]');
    await page.waitForFunction(() => { const v = document.querySelector('dialog[open] video'); return v && v.videoWidth > 0 && v.readyState >= 2; });
    assert.ok(await dialog.locator('select option').count() > 1, 'which camera can be chosen');
    await dialog.getByRole('button', { name: '拍下' }).click();
    await dialog.locator('img').waitFor();
    await dialog.getByRole('button', { name: '重拍' }).click();
    await dialog.locator('video').waitFor();
    await dialog.getByRole('button', { name: '拍下' }).click();
    await dialog.locator('img').evaluate((img) => img.decode());
    await dialog.getByRole('button', { name: '使用这张' }).click();
    await page.locator('.village-files li').filter({ hasText: '照片' }).waitFor();
    assert.equal(await page.locator('dialog[open]').count(), 0);
});

test('a request that is refused is no emergency; one that is taken says how it was signed', { timeout: 90_000 }, async () => {
    await toStep('times');
    await page.evaluate(() => { window.clockNow = Date.now; Date.now = () => Date.parse('2021-01-01'); }); // a computer whose clock is wrong
    await page.locator('input[type=datetime-local]').first().fill('2021-02-01T09:00');
    await toStep('send');
    await button('发送申请').click();
    await page.getByRole('heading', { name: '没有被接收' }).waitFor();
    assert.equal(await page.getByText('拨打 120').filter({ visible: true }).count(), 0, 'a routine request');
    await page.evaluate(() => { Date.now = window.clockNow; });
    await button('返回修改').click();
    await page.waitForURL((url) => url.hash.startsWith('#/new/'));
    await toStep('times');
    await page.locator('input[type=datetime-local]').first().fill(inDays(3));
    await toStep('send');
    await button('发送申请').click();
    await page.waitForURL((url) => url.hash.startsWith('#/case/'));
    const id = decodeURIComponent(new URL(page.url()).hash.split('/')[2]);
    await page.getByRole('link', { name: '检测设备' }).waitFor();
    await go(page, 'consent', id);
    await until(async () => (await page.locator('.village-rows').innerText()).includes('电子签名'), 'the kind of signature');
    await until(async () => !(await page.locator('.village-rows').innerText()).includes('未上传'), 'the drawing has come');
    assert.ok(!(await page.locator('.village-rows').innerText()).includes('签署 '), 'never signed without anything');
});
