// SPDX-License-Identifier: Apache-2.0
// node build.mjs [OUT]: the pages as the signalling server serves them. Types of the wire come from its JSON Schemas,
// so that a page that sends what the server refuses does not compile. --types stops there. Names hold a hash of the
// content, except index.html, sw.js and what the browser asks for by name.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, constants as zlib } from 'node:zlib';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PROTOCOL = path.join(HERE, '../../docs/protocol');
const NAMED = [ // the browser asks for these by name
    'static/favicon.svg', 'static/manifest.webmanifest'];

/** $ref "../defs.json#/$defs/x" and "#/$defs/x" of a merged document become one name space. */
function inlineDefs(value, prefix) {
    if (Array.isArray(value)) return value.map((v) => inlineDefs(v, prefix));
    if (!value || typeof value !== 'object') return value;
    const out = {};
    for (const [key, v] of Object.entries(value)) {
        if (key === '$ref') {
            const name = v.slice(v.lastIndexOf('/') + 1);
            out.$ref = `#/$defs/${v.startsWith('#') && prefix ? prefix + name : name}`;
        } else out[key] = inlineDefs(v, prefix);
    }
    return out;
}

/** Lengths and patterns say nothing in a type; bounded arrays would become tuples. */
function shapeOnly(value) {
    if (Array.isArray(value)) return value.map(shapeOnly);
    if (!value || typeof value !== 'object') return value;
    const out = {};
    for (const [key, v] of Object.entries(value))
        if (!['minItems', 'maxItems', 'title'].includes(key) || typeof v === 'object') out[key] = shapeOnly(v);
    if (out.type === 'object' && out.properties) out.additionalProperties = false; // further members have no names here
    return out;
}

async function makeTypes() {
    const { compile } = await import('json-schema-to-typescript');
    const shared = JSON.parse(readFileSync(`${PROTOCOL}/defs.json`, 'utf8')).$defs;
    const root = { $defs: { ...inlineDefs(shared, '') }, type: 'object', additionalProperties: false, properties: {}, required: [] };
    const add = (group, name, part, schema, defs) => {
        const prefix = `${name.replace(/\./g, '_')}_`;
        const local = Object.keys(defs ?? {});
        for (const def of local) root.$defs[prefix + def] = inlineDefs(defs[def], prefix);
        root.properties[group] ??= { type: 'object', additionalProperties: false, properties: {}, required: [] };
        const entry = (root.properties[group].properties[name] ??= { type: 'object', additionalProperties: false, properties: {}, required: [] });
        entry.properties[part] = inlineDefs(schema, prefix);
        entry.required.push(part);
        if (!root.properties[group].required.includes(name)) root.properties[group].required.push(name);
    };
    for (const group of ['methods', 'notifications'])
        for (const file of readdirSync(`${PROTOCOL}/${group}`).filter((f) => f.endsWith('.json')).sort()) {
            const schema = JSON.parse(readFileSync(`${PROTOCOL}/${group}/${file}`, 'utf8'));
            for (const part of ['params', 'result'])
                if (schema[part]) add(group, file.slice(0, -5), part, schema[part], schema.$defs);
        }
    root.required = Object.keys(root.properties);
    const source = await compile(shapeOnly(root), 'Wire', { bannerComment: '// SPDX-License-Identifier: Apache-2.0\n// Made by build.mjs from docs/protocol; not kept in the repository.', unreachableDefinitions: true, declareExternallyReferenced: true, strictIndexSignatures: true });
    const file = path.join(HERE, 'src/wire/protocol.ts');
    if (!existsSync(file) || readFileSync(file, 'utf8') !== source) writeFileSync(file, source);
}

const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function bundle(out) {
    const { default: esbuild } = await import('esbuild');
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const common = { bundle: true, minify: true, sourcemap: false, legalComments: 'none', logLevel: 'error', absWorkingDir: HERE, target: ['es2020'], jsx: 'automatic', jsxImportSource: 'preact', loader: { '.woff2': 'file', '.svg': 'file', '.bcmap': 'binary', '.wasm': 'binary' } };
    // the viewers' worker, with decoders in parts of their own; pages get its name
    const aside = await esbuild.build({ ...common, entryPoints: { 'viewer-worker': 'src/viewers/worker.ts' }, format: 'esm', splitting: true, outdir: out, entryNames: '[name]-[hash]', chunkNames: 'part-[hash]', external: ['fs', 'path'], metafile: true });
    const viewerWorker = Object.keys(aside.metafile.outputs).map((f) => path.basename(f)).find((f) => f.startsWith('viewer-worker-'));
    const pages = await esbuild.build({ ...common, define: { VIEWER_WORKER: JSON.stringify(`/${viewerWorker}`) }, entryPoints: { main: 'src/main.tsx' }, format: 'esm', splitting: true, outdir: out, entryNames: '[name]-[hash]', chunkNames: 'part-[hash]', assetNames: '[name]-[hash]', metafile: true });
    const written = Object.keys(pages.metafile.outputs).map((f) => path.basename(f));
    const main = written.find((f) => /^main-.*\.js$/.test(f));
    const style = written.find((f) => /^main-.*\.css$/.test(f));
    for (const [worker, name] of [['node_modules/pdfjs-dist/legacy/build/pdf.worker.min.mjs', 'pdf-worker']]) {
        const bytes = readFileSync(path.join(HERE, worker));
        const file = `${name}-${hashOf(bytes).slice(0, 8)}.mjs`;
        writeFileSync(path.join(out, file), bytes);
        written.push(file);
        globalThis.pdfWorker = file;
    }
    for (const file of NAMED) copyFileSync(path.join(HERE, file), path.join(out, path.basename(file)));
    const index = readFileSync(path.join(HERE, 'static/index.html'), 'utf8').replaceAll('{main}', main).replaceAll('{style}', style).replaceAll('{pdfWorker}', globalThis.pdfWorker);
    writeFileSync(path.join(out, 'index.html'), index);
    // what the first page needs; the rest is kept when it is first asked for
    const first = firstLoad(pages.metafile, main).map((f) => `/${f}`);
    const kept = ['/', ...first, `/${style}`, ...NAMED.map((f) => `/${path.basename(f)}`)];
    const version = hashOf(kept.join() + index).slice(0, 12);
    await esbuild.build({ ...common, entryPoints: { sw: 'src/sw.ts' }, format: 'iife', outdir: out, define: { KEPT: JSON.stringify(kept), VERSION: JSON.stringify(version) } });
    const sizes = {};
    for (const file of readdirSync(out)) {
        const bytes = readFileSync(path.join(out, file));
        if (/\.(js|mjs|css|html|svg|webmanifest)$/.test(file)) {
            const packed = gzipSync(bytes, { level: zlib.Z_BEST_COMPRESSION });
            writeFileSync(path.join(out, `${file}.gz`), packed);
            sizes[file] = { bytes: bytes.length, gzip: packed.length };
        }
    }
    const total = kept.reduce((sum, f) => sum + (sizes[f === '/' ? 'index.html' : f.slice(1)]?.gzip ?? 0), 0);
    writeFileSync(path.join(out, 'sizes.json'), `${JSON.stringify({ first_load_gzip_bytes: total, files: sizes }, null, 2)}\n`);
    console.log(`pages: ${written.length} files, first load ${Math.round(total / 1000)} kB compressed`);
}

/** main and what it imports without waiting. */
function firstLoad(metafile, main) {
    const found = new Set();
    const visit = (file) => {
        if (found.has(path.basename(file))) return;
        found.add(path.basename(file));
        for (const i of metafile.outputs[file].imports) if (i.kind === 'import-statement') visit(i.path);
    };
    visit(Object.keys(metafile.outputs).find((f) => path.basename(f) === main));
    return [...found];
}

await makeTypes();
if (process.argv[2] !== '--types') await bundle(path.resolve(process.argv[2] ?? path.join(HERE, '../../build/pages')));
