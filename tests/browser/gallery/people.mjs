// SPDX-License-Identifier: Apache-2.0
// Everybody of directory.json over one run: each is at a page or on the wire, one of them at a time, for an account has
// one session. Asking for one ends the other.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { COUNTY, VILLAGE } from '../support.mjs';
import { CHROMIUM, SIZES, Wire, browserArgs, signIn } from '../pages/world.mjs';

const ACT_MS = 15_000; // for anything that a stop waits for

export class People {
    constructor(world, folder) {
        this.world = world;
        this.folder = folder;
        this.browsers = new Map(); // by devices
        this.pages = new Map();
        this.wires = new Map();
        this.endings = []; // what stops started beside these
    }

    atEnd(action) {
        this.endings.push(action);
    }

    /** Speaks for `name` without a page. */
    async wire(name) {
        await this.leavePage(name);
        if (!this.wires.has(name)) this.wires.set(name, await Wire.of(this.world, name));
        return this.wires.get(name);
    }

    /** The page of `name`, signed in. Kept until somebody asks for the wire. */
    async page(name) {
        if (this.pages.has(name)) return this.pages.get(name);
        this.leaveWire(name);
        const page = await signIn(await this.context(name), this.world, name);
        page.setDefaultTimeout(ACT_MS);
        this.pages.set(name, page);
        return page;
    }

    /** A page on which nobody has signed in; of the one who asks, to be closed. */
    async stranger() {
        const page = await (await this.context('village')).newPage();
        page.setDefaultTimeout(ACT_MS);
        return page;
    }

    async context(name) {
        const context = await (await this.browser(name.startsWith('village') ? 'village' : 'county')).newContext({ ignoreHTTPSErrors: true,
            locale: 'zh-CN', viewport: SIZES.clinic, permissions: ['camera', 'microphone'] });
        context.setDefaultTimeout(ACT_MS);
        return context;
    }

    async browser(side) {
        if (!this.browsers.has(side)) {
            mkdirSync(`${this.folder}/${side}`, { recursive: true });
            this.browsers.set(side, chromium.launch({ executablePath: CHROMIUM, headless: true,
                args: browserArgs(`${this.folder}/${side}`, { village: VILLAGE, county: COUNTY }[side]) }));
        }
        return this.browsers.get(side);
    }

    leaveWire(name) {
        this.wires.get(name)?.close();
        this.wires.delete(name);
    }

    async leavePage(name) {
        const page = this.pages.get(name);
        this.pages.delete(name);
        await page?.context().close();
    }

    async end() {
        for (const action of this.endings) await action();
        for (const name of [...this.wires.keys()]) this.leaveWire(name);
        for (const browser of this.browsers.values()) await (await browser).close();
    }
}
