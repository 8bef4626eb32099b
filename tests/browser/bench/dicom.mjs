// SPDX-License-Identifier: Apache-2.0
// How long the page stands still while a chest X-ray of 12 MB comes and is shown, in all its quality.
import { chest, dicom as file, enlarged, allRead, upload } from '../pages/materials.mjs';
import { go } from '../pages/steps.mjs';
import { REQUEST, signIn, startChromium, startWorld } from '../pages/world.mjs';

const SIDE = 512, TIMES = 5; // 2560 x 2560 of two bytes each
const NAME = 'large.dcm';

export async function dicom(folder, say) {
    const world = await startWorld(`${folder}/dicom`);
    const context = await startChromium(`${folder}/dicom/browser`);
    try {
        const village = await world.signedIn('village'), page = await signIn(context, world, 'reader');
        const { consultation: { id } } = await village.call('consultation.submit', { ...REQUEST, kind: 'reading', panelId: 'pan_radiology' });
        const content = file({ rows: SIDE * TIMES, columns: SIDE * TIMES, bits: 12, frames: [enlarged(chest(), SIDE, TIMES)] });
        say(`a DICOM of ${(content.length / 1e6).toFixed(1)} MB`);
        const sent = await upload(world, village, id, 'dicom', content, NAME);
        if (sent.status !== 204) throw new Error(`the upload was answered with ${sent.status}: ${sent.text}`);
        await allRead(village, id);
        await go(page, 'consult', id);
        const row = page.locator('.viewers-row', { hasText: NAME });
        await row.waitFor();
        await page.evaluate(() => {
            window.tasks = [];
            new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((task) => Math.round(task.duration)))).observe({ entryTypes: ['longtask'] });
        });
        const began = performance.now();
        await row.click();
        await page.locator('.viewers-light.full').waitFor({ timeout: 120_000 });
        const ms = Math.round(performance.now() - began);
        const tasks = await page.evaluate(() => window.tasks);
        village.close();
        return { bytes: content.length, shown_in_full_ms: ms, longest_task_ms: Math.max(0, ...tasks), tasks_over_50_ms: tasks.length, goal_ms: 100 };
    } finally {
        await context.close();
        await world.stop();
    }
}
