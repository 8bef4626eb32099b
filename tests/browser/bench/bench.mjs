// SPDX-License-Identifier: Apache-2.0
// node bench.mjs [--json FILE] [--only starts,call,dicom,list,light]: figures of the pages against an installation of its
// own. Progress on standard error, JSON at the end on standard output, and in FILE.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { remove, temporaryFolder } from '../support.mjs';

const PARTS = {
    starts: () => import('./starts.mjs').then((m) => m.starts),
    call: () => import('./call.mjs').then((m) => m.call),
    dicom: () => import('./dicom.mjs').then((m) => m.dicom),
    list: () => import('./list.mjs').then((m) => m.list),
    light: () => import('./light.mjs').then((m) => m.light),
};

function options(argv) {
    const found = { only: Object.keys(PARTS) };
    for (let i = 0; i < argv.length; i += 2) {
        const value = argv[i + 1];
        if (argv[i] === '--json' && value) found.json = value;
        else if (argv[i] === '--only' && value?.split(',').every((name) => PARTS[name])) found.only = value.split(',');
        else throw new Error(`bench-pages [--json FILE] [--only ${Object.keys(PARTS).join(',')}]`);
    }
    return found;
}

const load = () => Number(os.loadavg()[0].toFixed(2));

async function main() {
    const { json, only } = options(process.argv.slice(2));
    const folder = temporaryFolder();
    const result = { at: new Date().toISOString(), cpus: os.cpus().length, cpu: os.cpus()[0]?.model, load_before: load() };
    let failed = false;
    try {
        for (const [n, name] of only.entries()) {
            const say = (text) => process.stderr.write(`[${n + 1}/${only.length}] ${name}: ${text}\n`);
            try {
                const run = await PARTS[name](), before = load();
                result[name] = { load: before, ...(await run(folder, say)) };
            } catch (error) {
                failed = true;
                result[name] = { failed: error.message };
                say(`failed: ${error.stack}`);
            }
        }
    } finally {
        remove(folder);
    }
    const text = `${JSON.stringify({ ...result, load_after: load() }, null, 2)}\n`;
    if (json) writeFileSync(json, text);
    process.stdout.write(text);
    process.exit(failed ? 1 : 0);
}

await main().catch((error) => { process.stderr.write(`${error.message}\n`); process.exit(2); });
