// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the viewers of materials, on the page of one who reads them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../support.mjs';
import { dicom, file, pdf, png } from '../pages/materials.mjs';
import { act, heart, onDuty, submit, upload } from './cases.mjs';
import { show } from './gallery.mjs';

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const grey = (value) => Buffer.alloc(64 * 64, value);
const chest = file('chest_dx_nih_512.dcm');

const FILES = [
    ['photo', '眼底照片.jpg', file('medical_fundus_retina.jpg')], ['dicom', '胸部正位片.dcm', chest], ['dicom', 'CT平扫.dcm', file('ct_small_128.dcm')],
    ['dicom', '测试序列.dcm', dicom({ rows: 64, columns: 64, window: [128, 256], frameMs: 60, frames: [60, 90, 120, 150].map(grey) })],
    ['dicom', '不完整的胸片.dcm', chest.subarray(0, chest.length * 0.6)], ['photo', '过大的照片.png', png(50_000, 50_000, 2)],
    ['dicom', '十二导联心电图.dcm', file('ecg_12lead_500hz.dcm')], ['ecg', '动态心电图.edf', file('100_first_minute.edf')], ['pdf', '检验报告.pdf', pdf()],
    ['audio', '录音.wav', readFileSync(path.join(ROOT, 'tests/data/media/zh_aishell1_BAC009S0724W0121_16k.wav'))],
];

async function made(people, state) {
    if (state.id) return;
    await onDuty(people, 'reader', 'pan_radiology');
    const { id } = await submit(people, 'village', heart({ kind: 'reading', panelId: 'pan_radiology', results: '见资料', diagnosis: '待查' }));
    const folder = mkdtempSync(path.join(tmpdir(), 'shanqiao-gallery-'));
    for (const [type, name, bytes] of FILES) {
        writeFileSync(`${folder}/${name}`, bytes);
        await upload(people, 'village', id, type, `${folder}/${name}`, name);
    }
    rmSync(folder, { recursive: true });
    for (const [minutes, pulse, systolic, spo2] of [[45, 92, 150, 97], [30, 101, 130, 95], [15, 110, 110, 93], [0, 119, 84, 91]])
        await act(people, 'village', 'material.vitals', { consultationId: id, takenAt: ago(minutes), values: [{ code: 'heart_rate', value: pulse, unit: '/min' }, { code: 'systolic', value: systolic, unit: 'mm[Hg]' }, { code: 'spo2', value: spo2, unit: '%' }, { code: 'temperature', value: 36.6, unit: 'Cel' }] });
    await act(people, 'reader', 'worklist.claim', { id });
    state.id = id;
}

const stop = (name, row, ready, then, detail = false) => ({ name: `viewers-${name}`, who: 'reader', detail, prepare: made,
    async open(page, state, people) {
        await show(page, people, `consult/${state.id}`, '.viewers-row');
        if (!row) return page.locator('.viewers').first().evaluate((list) => { list.scrollIntoView(); });
        await page.locator('.viewers-row', { hasText: row }).click();
        await page.locator(ready).first().waitFor();
        await then?.(page);
        return page.locator('.specialist-opened').evaluate((viewer) => { viewer.scrollIntoView(); });
    } });

async function drag(page, selector, [fx, fy], [tx, ty]) {
    const place = page.locator(selector);
    await place.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await place.boundingBox();
    await page.mouse.move(x + width * fx, y + height * fy);
    await page.mouse.down();
    await page.mouse.move(x + width * (fx + tx) / 2, y + height * (fy + ty) / 2);
    await page.mouse.move(x + width * tx, y + height * ty);
    await page.mouse.up();
}

const marks = (...all) => async (page) => {
    await page.getByRole('button', { name: /^标记/ }).click();
    for (const [tool, from, to] of all) {
        await page.getByRole('button', { name: tool, exact: true }).click();
        await drag(page, '.viewers-stage', from, to);
    }
};
const press = (...names) => async (page) => { for (const name of names) await page.getByRole('button', { name, exact: true }).click(); };

export const stops = [
    stop('list'),
    stop('photo', '眼底照片', '.viewers-light.full'),
    stop('photo-marks', '眼底照片', '.viewers-light.full', marks(['圈', [0.3, 0.4], [0.4, 0.6]], ['箭头', [0.6, 0.8], [0.52, 0.55]]), true),
    stop('dicom', '胸部正位片', '.viewers-light.full'),
    stop('dicom-measure', 'CT平扫', '.viewers-light.full', marks(['测量', [0.4, 0.3], [0.6, 0.3]]), true),
    stop('dicom-frames', '测试序列', '.viewers-light.full', async (page) => { await page.locator('.viewers-stage').focus(); await page.keyboard.press('PageDown'); }, true),
    stop('dicom-short', '不完整的胸片', '.viewers-light.short', undefined, true),
    stop('too-large', '过大的照片', '.viewers-one [role=alert]', undefined, true),
    stop('ecg', '十二导联', '.viewers-sheet canvas', (page) => drag(page, '.viewers-calipers', [0.3, 0.2], [0.38, 0.3])),
    stop('ecg-twelve', '十二导联', '.viewers-sheet canvas', async (page) => { await page.getByLabel('导联排列').selectOption('12x1'); }, true),
    stop('ecg-filtered', '十二导联', '.viewers-sheet canvas', press('基线滤波 0.5 Hz', '工频滤波 50 Hz'), true),
    stop('ecg-long', '动态心电图', '.viewers-sheet canvas', undefined, true),
    stop('pdf', '检验报告', '.viewers-pdf canvas[style*=width]'),
    stop('audio', '录音.wav', '.viewers-wave', async (page) => { await drag(page, '.viewers-wave', [0.2, 0.5], [0.5, 0.5]); await page.getByLabel('滤波').selectOption('heart'); }),
    stop('vitals', '共 4 次', '.viewers-vitals'),
];
