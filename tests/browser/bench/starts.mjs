// SPDX-License-Identifier: Apache-2.0
// What starts cost: the first one with nothing kept, the next ones with the service worker, on a fast and a narrow link.
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PAGES, signIn, startChromium, startWorld } from '../pages/world.mjs';
import { until } from '../support.mjs';
import { startProxy } from './proxy.mjs';

const NARROW_BITS = 24_000, NARROW_MS = 100;
const QUIET_MS = 2500;

/** Resolves with the last count when nothing moved for a while. */
async function quiet(proxy) {
    let last = -1, since = Date.now();
    await until(() => {
        const { bytes } = proxy.count();
        if (bytes !== last) { last = bytes; since = Date.now(); }
        return Date.now() - since > QUIET_MS;
    }, 'the link falls silent', 120);
    return proxy.count();
}

/** As the browser's own tools count: bodies as they came, and headers. */
async function measured(context, page) {
    const session = await context.newCDPSession(page), sum = { requests: 0, bytes: 0 };
    await session.send('Network.enable');
    session.on('Network.loadingFinished', ({ encodedDataLength }) => { sum.requests++; sum.bytes += encodedDataLength; });
    return sum;
}

/** Ready: signed in again by the cookie, with what the page asks at its start answered. */
const ready = (page) => page.locator('.shell-menu a[aria-current=page], .shell-menu').first().waitFor().then(() => page.waitForFunction(() => !document.querySelector('#content [role=status]')));

/** The server's certificate as a good one: a browser keeps nothing of what came under a bad one, which would cost more. */
function trusted(world) {
    const { publicKey } = new X509Certificate(readFileSync(path.join(world.folder, 'tls/server.crt')));
    return `--ignore-certificate-errors-spki-list=${createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64')}`;
}

/** A start of an own browser over the proxy, on what the profile in `folder` kept. */
async function start(folder, world, proxy, link, name) {
    const context = await startChromium(folder, { args: [trusted(world), `--host-resolver-rules=MAP ${new URL(world.https).host} 127.0.0.1:${proxy.port}`] });
    const page = context.pages()[0];
    Object.assign(proxy.link, link);
    proxy.reset();
    const asked = [], frames = [];
    page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    page.on('websocket', (socket) => {
        socket.on('framesent', ({ payload }) => frames.push([`> ${JSON.parse(payload).method}`, payload.length]));
        socket.on('framereceived', ({ payload }) => frames.push([`< ${JSON.parse(payload).method ?? 'reply'}`, payload.length]));
    });
    const browser = await measured(context, page);
    const began = performance.now();
    if (name) await signIn(context, world, name);
    else await page.goto(world.https);
    await ready(page);
    const ms = Math.round(performance.now() - began);
    const total = await quiet(proxy);
    return { context, page, result: { ...total, ms, http: browser, frames: frames.map(([what, size]) => `${what} ${size}`), asked } };
}

/** Again in the same browser, whose TLS remembers the server. */
async function again(context, world, proxy) {
    const page = await context.newPage();
    proxy.reset();
    const began = performance.now();
    await page.goto(world.https);
    await ready(page);
    const ms = Math.round(performance.now() - began);
    return { ...(await quiet(proxy)), ms };
}

export async function starts(folder, say) {
    const sizes = JSON.parse(readFileSync(path.join(PAGES, 'sizes.json'), 'utf8'));
    const world = await startWorld(`${folder}/starts`);
    const proxy = await startProxy('127.0.0.1', Number(new URL(world.https).port));
    try {
        say('a first start');
        const first = await start(`${folder}/starts/browser`, world, proxy, {}, 'village');
        await until(() => first.page.evaluate(() => navigator.serviceWorker.controller !== null), 'the pages are kept');
        await quiet(proxy);
        say('the same browser again');
        await first.page.close();
        const second = await again(first.context, world, proxy);
        await first.context.close();
        say('another browser start');
        const cold = await start(`${folder}/starts/browser`, world, proxy, {});
        await cold.context.close();
        say(`another over ${NARROW_BITS / 1000} kb/s`);
        const narrow = await start(`${folder}/starts/browser`, world, proxy, { bits: NARROW_BITS, delay: NARROW_MS });
        await narrow.context.close();
        const files = Object.entries(sizes.files).filter(([name]) => /\.(js|mjs|css)$/.test(name));
        return {
            bundle: { first_load_gzip_bytes: sizes.first_load_gzip_bytes, goal: 200_000, all_files: files.length, all_gzip_bytes: files.reduce((sum, [, f]) => sum + f.gzip, 0),
                largest: files.sort((a, b) => b[1].gzip - a[1].gzip).slice(0, 5).map(([name, f]) => `${name} ${f.gzip}`) },
            first_start: { ...first.result, goal_bytes: 200_000 },
            second_start_same_browser: { ...second, goal_bytes: 5000 },
            second_start_new_browser: { ...cold.result, goal_bytes: 5000 },
            second_start_narrow: { kb_per_s: NARROW_BITS / 1000, round_trip_ms: 2 * NARROW_MS, ms: narrow.result.ms, bytes: narrow.result.bytes },
        };
    } finally {
        proxy.stop();
        await world.stop();
    }
}
