// SPDX-License-Identifier: Apache-2.0
// For tests: a module of src as node can import it, and the real small files of tests/data.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import esbuild from 'esbuild';

const WEB = fileURLToPath(new URL('..', import.meta.url));
const DATA = path.join(WEB, '../../tests/data');

/** Languages are chosen where a browser would say them. */
globalThis.localStorage ??= { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
globalThis.document ??= { documentElement: { lang: '' } };
globalThis.navigator ??= { languages: ['zh-CN'] };

/** `source`: path below src, with everything it imports. */
export async function bundled(source) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'shanqiao-web-'));
    try {
        const { outputFiles } = await esbuild.build({ absWorkingDir: WEB, entryPoints: [path.join('src', source)], bundle: true, format: 'esm', platform: 'browser', target: 'node18', write: false, logLevel: 'error', jsx: 'automatic', jsxImportSource: 'preact', loader: { '.css': 'empty', '.wasm': 'binary' }, external: ['fs', 'path', 'crypto', 'module', 'url'], banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = '.'; const __filename = 'm.mjs';" } });
        const file = path.join(folder, 'module.mjs');
        writeFileSync(file, outputFiles[0].contents);
        return await import(pathToFileURL(file).href);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

export const dataFile = (name) => path.join(DATA, 'materials', name);
export const material = (name) => new Uint8Array(readFileSync(dataFile(name)));
