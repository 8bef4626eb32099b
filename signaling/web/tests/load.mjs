// SPDX-License-Identifier: Apache-2.0
// A module of the pages as Node runs it: bundled from TypeScript in memory, nothing written.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const HERE = path.dirname(fileURLToPath(import.meta.url));

/** `file`: below src. `external`: imports that are left out, as they are written; they are never asked for. */
export async function load(file, external = []) {
    const built = await esbuild.build({ entryPoints: [path.join(HERE, '../src', file)], bundle: true, write: false, format: 'esm', platform: 'node', target: 'es2022', logLevel: 'error', jsx: 'automatic', jsxImportSource: 'preact', loader: { '.css': 'empty' }, external });
    return import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].text).toString('base64')}`);
}
