// SPDX-License-Identifier: Apache-2.0
// An installation with everybody whom the pages are for (directory.json), browsers with fake devices fed from files, and
// somebody who speaks to the server without a page.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, firefox } from 'playwright-core';
import WebSocket from 'ws';
import { BUILD, COUNTY, ROOT, VILLAGE, ffmpeg } from '../support.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const PAGES = process.env.SHANQIAO_PAGES ?? path.join(BUILD, 'pages');
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
export const REQUEST = JSON.parse(readFileSync(path.join(ROOT, 'scripts/lib/demo-request.json'), 'utf8'));
/** What a person sees first: the old clinic screen, a phone, a desk. */
export const SIZES = { clinic: { width: 1024, height: 600 }, phone: { width: 390, height: 844 }, desk: { width: 3840, height: 2160 } };

/**
 * Servers with the cast of directory.json; the pages are those of the build, or in the folder `pages`. netns: the network namespace to run in.
 * order('kill signaling') and the like: see scripts/lib/installation.py; resolves when it is done.
 */
export async function startWorld(folder, { address = '127.0.0.1', port, turn, netns, pages = PAGES, directory = path.join(HERE, 'directory.json') } = {}) {
    if (!existsSync(`${pages}/index.html`)) throw new Error(`${pages} holds no pages; scripts/lib/pages builds them`);
    const argv = ['/usr/bin/python3', '-B', path.join(ROOT, 'scripts/lib/installation.py'), `${folder}/installation`, '--web', pages,
        '--directory', directory, '--address', address, ...(port ? ['--port', String(port)] : []), ...(turn ? ['--turn', ...turn] : [])];
    if (netns) argv.unshift('ip', 'netns', 'exec', netns);
    const child = spawn(argv[0], argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, SHANQIAO_BUILD: BUILD } });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    const lines = createInterface(child.stdout);
    const next = () => Promise.race([new Promise((resolve) => lines.once('line', resolve)),
        ended.then((code) => { throw new Error(`the installation ended with ${code}`); })]);
    const told = JSON.parse(await next());
    const world = { ...told, order: async (text) => { const done = next(); child.stdin.write(`${text}\n`); await done; },
        stop: async () => { child.stdin.end(); await ended; } };
    world.signedIn = (name) => Wire.of(world, name);
    return world;
}

/** Camera and microphone files for a browser, made once per folder. who: VILLAGE or COUNTY of support.mjs. */
function deviceFiles(folder, who) {
    mkdirSync(folder, { recursive: true });
    const files = { camera: `${folder}/camera.y4m`, microphone: `${folder}/microphone.wav` };
    if (!existsSync(files.camera)) ffmpeg('-stream_loop', '3', '-i', who.video, '-an', '-pix_fmt', 'yuv420p', '-t', '9', files.camera);
    if (!existsSync(files.microphone)) ffmpeg('-i', who.speech, '-ac', '1', '-ar', '48000', files.microphone);
    return files;
}

/** What Chromium is started with; its camera and microphone are files made in `folder`. `cameras`: so many that draw something instead. */
export function browserArgs(folder, who, cameras = 0) {
    const { camera, microphone } = deviceFiles(folder, who);
    return ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic', '--no-first-run',
        '--ignore-certificate-errors', // for the service worker, which ignoreHTTPSErrors does not cover
        '--use-fake-ui-for-media-stream', cameras ? `--use-fake-device-for-media-stream=device-count=${cameras}` : '--use-fake-device-for-media-stream',
        ...(cameras ? [] : [`--use-file-for-fake-video-capture=${camera}`]), `--use-file-for-fake-audio-capture=${microphone}`];
}

/** A Chromium of its own (own devices, own storage) with a clean profile below `folder`. netns: where it runs. */
export async function startChromium(folder, { who = VILLAGE, size = SIZES.clinic, locale = 'zh-CN', netns, args = [], notifications = false, cameras = 0 } = {}) {
    let executablePath = CHROMIUM;
    if (netns) { // descriptors 3 and 4, which playwright speaks over, pass through
        mkdirSync(folder, { recursive: true });
        executablePath = `${folder}/chromium-in-${netns}`;
        writeFileSync(executablePath, `#!/bin/sh\nexec ip netns exec ${netns} ${CHROMIUM} "$@"\n`, { mode: 0o755 });
    }
    const context = await chromium.launchPersistentContext(`${folder}/profile`, { executablePath, headless: true, ignoreHTTPSErrors: true, locale, viewport: size,
        permissions: ['camera', 'microphone', ...(notifications ? ['notifications'] : [])],
        args: [...browserArgs(folder, who, cameras), ...args] });
    await context.addInitScript(watchConnections);
    return context;
}

/** Debian's Firefox, over WebDriver BiDi, with the camera and microphone that it makes up. Close its browser(). */
export async function startFirefox({ size = SIZES.clinic, locale = 'zh-CN' } = {}) {
    const browser = await firefox.launch({ channel: 'moz-firefox', executablePath: FIREFOX, headless: true, firefoxUserPrefs: {
        'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true, 'network.proxy.type': 0 } });
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale, viewport: size });
    await context.addInitScript(watchConnections);
    return context;
}

/** Runs in the page: keeps every RTCPeerConnection in window.connections, so that a test can ask for statistics. */
function watchConnections() {
    window.connections = [];
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
        constructor(...argv) {
            super(...argv);
            window.connections.push(this);
        }
    };
}

/** All rows of getStats of a page's open connections. */
export function stats(page) {
    return page.evaluate(async () => {
        const rows = [];
        for (const c of window.connections.filter((c) => c.connectionState !== 'closed')) for (const row of (await c.getStats()).values()) rows.push(row);
        return rows;
    });
}

/** An interface that another test makes or removes is to Chromium a change of the network: it drops what it is loading. */
export async function firstLoad(page, url) {
    for (let tries = 1; ; tries++) {
        let changed = false;
        const failed = (request) => { changed ||= request.failure()?.errorText === 'net::ERR_NETWORK_CHANGED'; };
        page.on('requestfailed', failed);
        await page.goto(url).catch((error) => { if (!/ERR_NETWORK_CHANGED/.test(error.message)) throw error; changed = true; });
        page.off('requestfailed', failed);
        if (!changed || tries === 5) return;
        if (page.faults) page.faults.length = 0;
    }
}

/** Opens the pages and signs in. Errors of the page go to page.faults, which a test wants empty. */
export async function signIn(context, world, name) {
    const page = context.pages().find((p) => p.url() === 'about:blank') ?? await context.newPage();
    page.faults = [];
    page.on('pageerror', (error) => page.faults.push(error.stack ?? error.message));
    page.on('console', (message) => { if (message.type() === 'error') page.faults.push(`${message.text()} ${message.location().url}`); });
    await firstLoad(page, world.https);
    await page.locator('input[autocomplete=username]').fill(`acc_${name}`);
    await page.locator('input[type=password]').fill(world.passwords[name]);
    await page.locator('button[type=submit]').click();
    await page.locator('.shell-top').waitFor();
    return page;
}

/** Somebody signed in without a page: call(method, params) and what was told. For what a test needs but is not about. */
export class Wire {
    static async of(world, name) {
        const wire = new Wire();
        wire.https = world.https;
        wire.told = [];
        wire.waiting = new Map();
        wire.socket = new WebSocket(world.url, 'shanqiao.v1', { rejectUnauthorized: false });
        await new Promise((resolve, reject) => { wire.socket.on('open', resolve); wire.socket.on('error', reject); });
        wire.socket.on('message', (text) => wire.take(JSON.parse(text)));
        const login = await wire.call('auth.login', { account: `acc_${name}`, password: world.passwords[name], takeover: true });
        wire.token = login.token;
        wire.account = login.account;
        return wire;
    }

    take(message) {
        if (message.method) {
            this.told.push(message);
            return;
        }
        const { resolve, reject } = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        if (message.error) reject(new Error(`${message.error.data?.error ?? message.error.code}: ${message.error.data?.remedy?.en ?? message.error.message}`));
        else resolve(message.result);
    }

    call(method, params = {}) {
        const id = randomUUID();
        this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
        return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    }

    /** The first notification of that name. */
    async until(method, seconds = 15) {
        for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
            const found = this.told.find((m) => m.method === method);
            if (found) return found.params;
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`${method} did not come within ${seconds} s`);
    }

    close() {
        this.socket.close();
    }
}
