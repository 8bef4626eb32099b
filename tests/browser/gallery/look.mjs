// SPDX-License-Identifier: Apache-2.0
// What is looked at in a page that stands still: what axe finds, whether it scrolls sideways, a picture of few bytes.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { SIZES } from '../pages/world.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const GRAVE = ['serious', 'critical'];
const WIDEST = 1024;
const COLOURS = { plain: 20, rich: 40 }; // of a page of words; of one with pictures
const QUIET_MS = 120;
const OVER_PX = 3; // lines of one text may touch
const RESTLESS_MS = 1500; // a page with a running clock never stands still
const DRAWN_MS = 30_000;

/** The page as a person of that language and screen sees it, after it stopped moving. */
export async function turn(page, { language, size }) {
    await page.setViewportSize(SIZES[size]);
    await page.evaluate((wanted) => {
        if (document.documentElement.lang === wanted) return;
        const name = wanted === 'en' ? 'English' : '中文';
        [...document.querySelectorAll('button')].find((b) => b.textContent === name).click();
    }, language);
    await settled(page);
}

/** Until nothing was drawn anew for a moment, and pictures that a worker draws are of the size that they have now. */
export async function settled(page) {
    await still(page);
    await page.waitForFunction(() => [...document.querySelectorAll('.viewers-stage canvas[data-drawn]')].every(({ parentElement: stage, dataset }) =>
        stage.clientWidth === 0 || dataset.drawn === `${stage.clientWidth}x${stage.clientHeight}`), undefined, { timeout: DRAWN_MS });
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
}

function still(page) {
    return page.evaluate(([quiet, most]) => new Promise((resolve) => {
        const end = setTimeout(done, most);
        let calm = setTimeout(done, quiet);
        const observer = new MutationObserver(() => { clearTimeout(calm); calm = setTimeout(done, quiet); });
        observer.observe(document.documentElement, { subtree: true, childList: true, attributes: true, characterData: true });
        function done() {
            observer.disconnect();
            clearTimeout(calm);
            clearTimeout(end);
            document.fonts.ready.then(resolve);
        }
    }), [QUIET_MS, RESTLESS_MS]);
}

/** Serious and critical findings: [{impact, id, nodes, first, why}]. Evaluated by the browser's own console, so the policy of
 *  the pages stays as it is. */
export async function axe(page) {
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(`${AXE}; 0`);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map((v) => ({ impact: v.impact, id: v.id, nodes: v.nodes.length, first: v.nodes[0].html.slice(0, 160), why: (v.nodes[0].failureSummary ?? '').slice(0, 240) }))));
    return { grave: found.filter((f) => GRAVE.includes(f.impact)), light: found.filter((f) => !GRAVE.includes(f.impact)) };
}

/** How many pixels the document is wider than the window, and what sticks out. */
export function sideways(page) {
    return page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        const over = document.documentElement.scrollWidth - width;
        if (over <= 0) return null;
        const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > width + 1).pop();
        return { over, wide: wide ? `${wide.tagName.toLowerCase()}.${wide.className}` : '' };
    });
}

/** Texts of different parts of a list's row that lie over each other: ["text | text"], none found twice. What a part cuts off
 *  or hides counts as far as it is seen. */
export function overlaps(page) {
    return page.evaluate((most) => {
        const seenOf = (box, element) => {
            let { left, top, right, bottom } = box;
            for (let e = element; e && !e.classList.contains('row'); e = e.parentElement) {
                const style = getComputedStyle(e);
                if (style.visibility === 'hidden' || style.clipPath !== 'none') return null;
                if (style.overflowX === 'visible') continue;
                const cut = e.getBoundingClientRect();
                [left, top, right, bottom] = [Math.max(left, cut.left), Math.max(top, cut.top), Math.min(right, cut.right), Math.min(bottom, cut.bottom)];
            }
            return right - left > most && bottom - top > most ? { left, top, right, bottom } : null;
        };
        const textsOf = (part) => {
            const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
            const found = [];
            while (walker.nextNode()) {
                const range = document.createRange();
                range.selectNodeContents(walker.currentNode);
                for (const box of range.getClientRects()) {
                    const seen = seenOf(box, walker.currentNode.parentElement);
                    if (seen) found.push({ text: walker.currentNode.textContent, ...seen });
                }
            }
            return found;
        };
        const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > most && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > most;
        const bad = new Set();
        for (const row of document.querySelectorAll('.virtual .row > *')) {
            const parts = [...row.children].map(textsOf);
            parts.forEach((part, i) => parts.slice(i + 1).flat().forEach((other) => part.filter((one) => over(one, other)).forEach((one) => bad.add(`${one.text} | ${other.text}`))));
        }
        return [...bad];
    }, OVER_PX);
}

/** The viewport as a PNG with few colours, at most 1024 wide. */
export async function picture(page, file) {
    const raw = `${file}.raw.png`;
    await page.screenshot({ path: raw, animations: 'disabled', caret: 'hide', timeout: 60_000 });
    const { width } = page.viewportSize();
    const smaller = width > WIDEST ? `scale=${WIDEST}:-1:flags=area,` : '';
    const colours = COLOURS[await page.evaluate(() => document.querySelector('video, canvas, main img') ? 'rich' : 'plain')];
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', raw, '-vf',
        `${smaller}split[a][b];[b]palettegen=max_colors=${colours}:reserve_transparent=0[p];[a][p]paletteuse=dither=none`,
        '-compression_level', '9', '-pred', 'none', file]);
    rmSync(raw);
}
