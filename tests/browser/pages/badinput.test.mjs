// SPDX-License-Identifier: Apache-2.0
// Files that are wrong, cut, huge or hostile: chosen on the village's form, and past its check sent to the server and
// opened by a specialist. Each gets a plain sentence; nothing of it runs, nothing leaves, no page stands still.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { remove, temporaryFolder } from '../support.mjs';
import { SYNTAX, activePdf, allRead, caseWith, chest, dicom, dicomFile, file, jpegHeader, pdf, png, upload } from './materials.mjs';
import { REQUEST, Wire, signIn, startChromium, startWorld } from './world.mjs';

const LONGEST_TASK_MS = 200; // on a machine that does much else
const SIDE = 50_000;

const cut = (bytes, share = 0.5) => bytes.subarray(0, Math.floor(bytes.length * share));
const scripted = (away) => `<script>window.ran='script';fetch('${away}')</script><img src="x" onerror="window.ran='event'">`;
const svg = (away) => Buffer.from(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="window.ran='svg'"><script>window.ran='svg';alert(1)</script><image href="${away}"/></svg>`);
const html = (away) => Buffer.from(`<!doctype html><title>x</title>${scripted(away)}<iframe src="${away}"></iframe>`);
const behind = (magic, rest) => Buffer.concat([Buffer.from(magic, 'latin1'), rest]);

const BOMB_BYTES = 220 << 20;

/** A DICOM file of a few hundred kilobytes that unpacks to hundreds of megabytes. */
function bomb() {
    const good = dicom({ rows: 512, columns: 512, frames: [chest()] });
    const set = good.subarray(dicomFile(SYNTAX.native, Buffer.alloc(0)).length);
    return dicomFile(SYNTAX.deflated, Buffer.concat([set, Buffer.alloc(BOMB_BYTES)]));
}

/**
 * form: what the village's form says ('taken': it can't know); server: what the server answers, 204 where it stores the
 * file; seen: what the specialist reads instead of a picture, null where there is something to see.
 */
const cases = (away) => [
    { name: 'no_meta.dcm', type: 'dicom', content: file('bad_no_meta.dcm'), form: 'taken', server: 204, seen: /无法读懂/ },
    { name: 'truncated_mr.dcm', type: 'dicom', content: file('bad_truncated_pixeldata_mr.dcm'), form: 'taken', server: 204, seen: /不完整/ },
    { name: 'bad_vr.dcm', type: 'dicom', content: file('bad_vr.dcm'), form: 'taken', server: 204, seen: /损坏/ },
    { name: 'cut_photo.jpg', type: 'photo', content: cut(file('medical_fundus_retina.jpg')), form: 'taken', server: 415 },
    { name: 'cut_png.png', type: 'photo', content: cut(png(800, 600, 600), 0.7), form: 'taken', server: 415 },
    { name: 'cut_paper.pdf', type: 'pdf', content: cut(pdf(), 0.3), form: 'taken', server: 204, seen: /损坏/ },
    { name: 'cut_chest.dcm', type: 'dicom', content: cut(file('chest_dx_nih_512.dcm')), form: 'taken', server: 204, seen: /不完整/ },
    { name: 'claims.png', type: 'photo', content: png(SIDE, SIDE, 2), form: /像素/, server: 204, seen: /太大/ },
    { name: 'claims.jpg', type: 'photo', content: jpegHeader(SIDE, SIDE), form: /像素/, server: 204, seen: /太大/ },
    { name: 'real.png', type: 'photo', content: png(SIDE, SIDE), form: /像素/, server: 204, seen: /太大/ },
    { name: 'svg.pdf', type: 'pdf', content: svg(away), form: /不是它声称的类型/, server: 415 },
    { name: 'svg.jpg', type: 'photo', content: svg(away), form: /不是它声称的类型/, server: 415 },
    { name: 'html.pdf', type: 'pdf', content: html(away), form: /不是它声称的类型/, server: 415 },
    { name: 'html.jpg', type: 'photo', content: html(away), form: /不是它声称的类型/, server: 415 },
    { name: 'html_behind.pdf', type: 'pdf', content: behind('%PDF-1.7\n', html(away)), form: 'taken', server: 204, seen: /损坏/ },
    { name: 'html_behind_photo.jpg', type: 'photo', content: behind('\xff\xd8\xff\xe0', html(away)), form: 'taken', server: 415 },
    { name: 'empty.jpg', type: 'photo', content: Buffer.alloc(0), form: /空/, server: 400 },
    { name: 'larger.jpg', type: 'photo', content: Buffer.concat([file('medical_fundus_retina.jpg'), Buffer.alloc(20 << 20)]), form: /太大/, server: 413 },
    { name: 'active.pdf', type: 'pdf', content: activePdf(away), form: 'taken', server: 204, seen: null },
    { name: 'bomb.dcm', type: 'dicom', content: bomb(), form: 'taken', server: 204, seen: /太大/ },
];

/** Longest task, dialogs and addresses of others, from now on. */
async function watched(context, world) {
    const seen = { dialogs: [], elsewhere: [] };
    await context.addInitScript(() => {
        window.longest = 0;
        new PerformanceObserver((list) => { for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration); }).observe({ entryTypes: ['longtask'] });
    });
    context.on('request', (request) => { if (!request.url().startsWith(world.https) && !/^(blob|data|about):/.test(request.url())) seen.elsewhere.push(request.url()); });
    context.on('dialog', (dialog) => { seen.dialogs.push(dialog.message()); void dialog.dismiss(); });
    return seen;
}

const longest = (page) => page.evaluate(() => { const most = window.longest; window.longest = 0; return Math.round(most); });

async function nothingRan(page, seen, hits, what) {
    assert.equal(await page.evaluate(() => window.ran), undefined, what);
    assert.deepEqual({ ...seen, hits }, { dialogs: [], elsewhere: [], hits: 0 }, what);
    assert.deepEqual(page.faults, [], what);
}

/** Chooses each on the form's page of files; what it said of it, or 'taken'. */
async function onForm(page, world, draft, all, folder) {
    await page.goto(`${world.https}#/new/${draft}/files`);
    const input = page.locator('.village-add input[type=file]').last();
    await input.waitFor({ state: 'attached' });
    await longest(page); // the start is not what is measured
    const told = {};
    for (const { name, content } of all) {
        const where = path.join(folder, name);
        writeFileSync(where, content);
        const taken = page.locator('.village-file-name', { hasText: name });
        const refused = page.locator('[role=alert].note', { hasText: name });
        await input.setInputFiles(where);
        await taken.or(refused).first().waitFor();
        told[name] = { said: await taken.count() ? 'taken' : await refused.first().innerText(), longest_ms: await longest(page) };
    }
    return told;
}

/** Opens it; waits for a sentence, a picture or a light that says what it is worth. */
async function opened(page, name) {
    const back = page.getByRole('button', { name: '收起', exact: true }); // a specialist's list gives way to what is open
    if (await back.count()) await back.click();
    await page.locator('.viewers-row', { hasText: name }).click();
    await page.locator(`.viewers-one[aria-label="${name}"]`).waitFor();
    await page.waitForFunction(() => document.querySelector('.viewers-one [role=alert], .viewers-light.full, .viewers-light.short, .viewers-pdf canvas[style*=width]'));
    const sentence = page.locator('.viewers-one [role=alert], .viewers-light.short');
    return { said: await sentence.count() ? await sentence.first().innerText() : null, longest_ms: await longest(page) };
}

test('bad files get a plain sentence and nothing else happens', { timeout: 170_000 }, async (t) => {
    const folder = temporaryFolder();
    const world = await startWorld(folder);
    t.after(async () => { await world.stop(); remove(folder); });
    let hits = 0;
    const elsewhere = createServer((_, reply) => { hits++; reply.end(); }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    t.after(() => elsewhere.close());
    const all = cases(`http://127.0.0.1:${elsewhere.address().port}/`);

    const reader = await Wire.of(world, 'reader');
    await reader.call('duty.set', { panelId: 'pan_radiology', onDuty: true });
    const village = await Wire.of(world, 'village');
    const { id } = await caseWith(world, village, { ...REQUEST, kind: 'reading', panelId: 'pan_radiology' }, [{ name: 'good.dcm', type: 'dicom', content: file('chest_dx_nih_512.dcm') }]);
    const { draftId } = await village.call('consultation.saveDraft', { ...REQUEST, kind: 'reading', panelId: 'pan_radiology' });
    await t.test('the server stores what its content says it is, and refuses the rest in words', async () => {
        for (const one of all) {
            const { status, text } = await upload(world, village, id, one.type, one.content, one.name);
            assert.equal(status, one.server, `${one.name} ${text}`);
            if (status >= 400) assert.match(JSON.parse(text).error.message, /[一-鿿]{6}/, one.name);
        }
        await allRead(village, id, ['bomb.dcm']); // which takes as long as the server lets it
    });
    village.close();
    await reader.call('worklist.claim', { id });
    reader.close();

    await t.test('the form says what is wrong before a byte is sent', async () => {
        const context = await startChromium(path.join(folder, 'village'));
        try {
            const seen = await watched(context, world);
            const page = await signIn(context, world, 'village');
            const told = await onForm(page, world, draftId, all, folder);
            t.diagnostic(JSON.stringify({ form: told }));
            for (const { name, form } of all) form === 'taken' ? assert.equal(told[name].said, 'taken', name) : assert.match(told[name].said, form, name);
            const most = Math.max(...Object.values(told).map((one) => one.longest_ms));
            assert.ok(most < LONGEST_TASK_MS, `the form stood still for ${most} ms`);
            await nothingRan(page, seen, hits, 'form');
        } finally {
            await context.close();
        }
    });

    await t.test('the specialist reads why there is no picture, and goes on', async () => {
        const context = await startChromium(path.join(folder, 'reader'));
        try {
            const seen = await watched(context, world);
            const page = await signIn(context, world, 'reader');
            await page.goto(`${world.https}#/write/${id}`);
            await opened(page, 'good.dcm'); // the viewers are here now: what is measured is the files
            const told = {};
            for (const { name, server, seen: expected } of all.filter((one) => one.server === 204)) {
                told[name] = await opened(page, name);
                if (expected === null) assert.equal(told[name].said, null, name);
                else assert.match(told[name].said ?? 'a picture', expected, name);
            }
            t.diagnostic(JSON.stringify({ specialist: told }));
            const most = Math.max(...Object.values(told).map((one) => one.longest_ms));
            assert.ok(most < LONGEST_TASK_MS, `the page stood still for ${most} ms`);
            assert.equal((await opened(page, 'good.dcm')).said, null, 'after all of them a good one is seen');
            await nothingRan(page, seen, hits, 'specialist');
        } finally {
            await context.close();
        }
    });
});
