// SPDX-License-Identifier: Apache-2.0
// scripts/screenshots: pictures of all stops in both languages on three screens, and what axe finds there. Prints its
// figures as JSON on standard output, progress on standard error.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, remove, temporaryFolder } from '../support.mjs';
import { SIZES } from '../pages/world.mjs';
import { LANGUAGES, begin, roomsOf, tour } from './gallery.mjs';
import { axe, overlaps, picture, sideways, turn } from './look.mjs';

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, out: { type: 'string' } } });
const KEPT = path.join(ROOT, 'docs/pages');
const out = path.resolve(values.out ?? KEPT);
const rooms = roomsOf(values.only?.flatMap((o) => o.split(',')));
const count = rooms.flat().length;
if (!count) throw new Error(`no stop is called ${values.only}`);
const views = LANGUAGES.flatMap((language) => Object.keys(SIZES).map((size) => ({ language, size })));
const figures = { stops: count, views: 0, grave: [], light: {}, sideways: [], overlaps: [], faults: [], failed: [] };
const folder = temporaryFolder();
const began = Date.now();
let done = 0;

const fileOf = (stop, { language, size }) => `${out}/${stop.name}-${language.slice(0, 2)}-${size}.png`;
const progress = (text) => process.stderr.write(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}\n`);

/** Into docs/pages go all views of a page, and one of its further states; elsewhere all, to be looked at. */
const pictured = (stop, { language, size }) => out !== KEPT || !stop.detail || (language === 'zh-CN' && size === 'clinic');

async function visit(stop, page, faults) {
    for (const view of views) {
        await turn(page, view);
        if (pictured(stop, view)) await picture(page, fileOf(stop, view));
        const found = await axe(page);
        const where = `${stop.name} ${view.language} ${view.size}`;
        figures.views++;
        figures.grave.push(...found.grave.map((f) => ({ where, ...f })));
        for (const f of found.light) figures.light[f.id] = (figures.light[f.id] ?? 0) + f.nodes;
        const over = await sideways(page);
        if (over) figures.sideways.push({ where, ...over });
        figures.overlaps.push(...(await overlaps(page)).map((texts) => ({ where, texts })));
    }
    figures.faults.push(...faults.map((fault) => ({ where: stop.name, fault: fault.slice(0, 300) })));
    progress(`${++done} of ${count}  ${stop.name}`);
}

async function failed(stop, error, page) {
    figures.failed.push({ stop: stop.name, error: error.message.slice(0, 400) });
    await page?.screenshot({ path: `${folder}/${stop.name}.png` }).catch(() => undefined);
    progress(`${++done} of ${count}  ${stop.name} FAILED: ${error.stack.slice(0, 600)}\n  seen: ${folder}/${stop.name}.png`);
}

mkdirSync(out, { recursive: true });
if (!values.only && out === KEPT) for (const old of readdirSync(out)) if (old.endsWith('.png')) rmSync(`${out}/${old}`);
const { people, end } = await begin(folder);
try {
    await tour(people, rooms, visit, failed);
} finally {
    await end();
}
const sizes = readdirSync(out).filter((f) => f.endsWith('.png')).map((f) => statSync(`${out}/${f}`).size);
figures.pictures = { files: sizes.length, kB: Math.round(sizes.reduce((a, b) => a + b, 0) / 1000), largestkB: Math.round(Math.max(0, ...sizes) / 1000) };
figures.seconds = Math.round((Date.now() - began) / 1000);
console.log(JSON.stringify(figures, null, 1));
const bad = [figures.failed, figures.grave, figures.sideways, figures.overlaps, figures.faults].flat().length;
if (!figures.failed.length && existsSync(folder)) remove(folder);
process.exitCode = bad ? 1 : 0;
