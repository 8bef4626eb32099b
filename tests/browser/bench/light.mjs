// SPDX-License-Identifier: Apache-2.0
// Lighthouse over the pages as the real server serves them: before sign-in, and the village doctor's home. Its ordinary
// settings: a slow phone on a slow link, simulated.
import { createServer } from 'node:net';
import lighthouse from 'lighthouse';
import { signIn, startChromium, startWorld } from '../pages/world.mjs';

const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const METRICS = { first_contentful_paint_ms: 'first-contentful-paint', largest_contentful_paint_ms: 'largest-contentful-paint', total_blocking_time_ms: 'total-blocking-time', cumulative_layout_shift: 'cumulative-layout-shift' };

const freePort = () => new Promise((resolve) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); }); });

async function judge(url, port) {
    const { lhr } = await lighthouse(url, { port, onlyCategories: CATEGORIES, disableStorageReset: true, logLevel: 'error' });
    const scores = Object.fromEntries(CATEGORIES.map((id) => [id, Math.round((lhr.categories[id].score ?? 0) * 100)]));
    const numbers = Object.fromEntries(Object.entries(METRICS).map(([name, id]) => [name, Number((lhr.audits[id].numericValue ?? NaN).toFixed(3))]));
    const audited = new Set(['accessibility', 'best-practices'].flatMap((id) => lhr.categories[id].auditRefs.filter((a) => a.weight > 0).map((a) => a.id)));
    const failed = [...audited].filter((id) => lhr.audits[id].score !== null && lhr.audits[id].score < 1);
    return { ...scores, ...numbers, failed: failed.map((id) => `${id}: ${lhr.audits[id].title} ${(lhr.audits[id].details?.items ?? []).slice(0, 2).map((i) => i.description ?? i.node?.snippet ?? '').join(' | ').slice(0, 200)}`) };
}

export async function light(folder, say) {
    const world = await startWorld(`${folder}/light`), port = await freePort();
    const context = await startChromium(`${folder}/light/browser`, { args: [`--remote-debugging-port=${port}`] });
    try {
        say('Lighthouse looks at the sign-in page');
        const before = await judge(world.https, port);
        const page = await signIn(context, world, 'village');
        await page.goto('about:blank'); // one page of a browser holds the session
        say("Lighthouse looks at the village doctor's home");
        const home = await judge(`${world.https}#/home`, port);
        return { goal: 90, sign_in: before, village_home: home };
    } finally {
        await context.close();
        await world.stop();
    }
}
