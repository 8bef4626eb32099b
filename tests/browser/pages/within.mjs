// SPDX-License-Identifier: Apache-2.0
// What a script inside a page could do and find: functions that run there (page.evaluate), on behalf of security.test.mjs.

/** Everything that a slipped-in script would try. `ran`: what had an effect; `told`: directives of the violations. */
export async function injected(page) {
    const told = await page.evaluateHandle(() => {
        const list = [];
        document.addEventListener('securitypolicyviolation', (event) => list.push(event.effectiveDirective));
        return list;
    });
    await page.evaluate(() => new Promise((resolve) => setTimeout(async () => { // a task of the page's own: no leave of the test's tools counts
        const put = (tag, members, attributes = {}) => {
            const made = Object.assign(document.createElement(tag), members);
            for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
            document.body.append(made);
            made.classList.add('slipped-in');
            return made;
        };
        window.ran = [];
        put('script', { textContent: 'window.ran.push("inline script")' });
        put('script', { textContent: 'window.ran.push("script with a guessed nonce")' }, { nonce: 'AAAAAAAAAAAAAAAAAAAAAA' });
        put('script', { src: 'data:text/javascript,window.ran.push("script of data")' });
        put('script', { src: URL.createObjectURL(new Blob(['window.ran.push("script of a blob")'], { type: 'text/javascript' })) });
        put('script', { src: document.querySelector('meta[name="pdf-worker"]').content, type: 'module', onload: () => window.ran.push('file of ours without the nonce') });
        put('button', {}, { onclick: 'window.ran.push("handler")' }).click();
        put('a', { href: 'javascript:window.ran.push("address")' }).click();
        put('style', { textContent: '.slipped-in { outline-width: 7px !important; outline-style: solid }' });
        const styled = put('div', {}, { style: 'outline: 9px solid' });
        put('img', { src: 'https://evil.example/a.png', onload: () => window.ran.push('picture') });
        put('iframe', { src: 'https://evil.example/', onload: () => 0 });
        try { (0, eval)('window.ran.push("eval")'); } catch { /* as wanted */ }
        try { new Function('window.ran.push("Function")')(); } catch { /* as wanted */ }
        try { setTimeout('window.ran.push("setTimeout")', 0); } catch { /* as wanted */ }
        await fetch('https://evil.example/').then(() => window.ran.push('fetch'), () => 0);
        try { new WebSocket('wss://evil.example/').onopen = () => window.ran.push('socket'); } catch { /* as wanted */ }
        await new Promise((done) => setTimeout(done, 200));
        if (/[79]px/.test(getComputedStyle(styled).outlineWidth)) window.ran.push('style');
        document.querySelectorAll('.slipped-in').forEach((one) => one.remove());
        resolve();
    }, 0)));
    return { ran: await page.evaluate(() => window.ran), told: await told.jsonValue() };
}

/** Names of the records that are kept. */
export function kept(page) {
    return page.evaluate(async () => {
        const db = await new Promise((resolve) => { const open = indexedDB.open('shanqiao'); open.onsuccess = () => resolve(open.result); });
        const names = await new Promise((resolve) => { const all = db.transaction('records').objectStore('records').getAllKeys(); all.onsuccess = () => resolve(all.result); });
        db.close();
        return names.map(String);
    });
}

/** Runs in the page: all that a script can read of what the browser keeps, as one text. */
export async function everythingKept() {
    const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
    const text = (value) => {
        if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new TextDecoder().decode(value);
        if (value instanceof CryptoKey) return '';
        if (value && typeof value === 'object') return Object.values(value).map(text).join('\n');
        return String(value);
    };
    const found = [document.cookie, location.href, JSON.stringify(history.state), window.name, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
    for (const { name } of await indexedDB.databases()) {
        const db = await done(indexedDB.open(name));
        for (const store of db.objectStoreNames) {
            const rows = db.transaction(store).objectStore(store);
            found.push(text(await done(rows.getAllKeys())), ...(await done(db.transaction(store).objectStore(store).getAll())).map(text));
        }
        db.close();
    }
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
            const reply = await cache.match(request);
            found.push(request.url, JSON.stringify([...reply.headers]), await reply.text());
        }
    }
    return found.join('\n');
}

/** Runs in the page: those of `texts` that can be seen, in fields too. */
export function seenOf(texts) {
    const seen = (element) => element.checkVisibility({ visibilityProperty: true });
    const shown = [...document.querySelectorAll('body *')].filter(seen).map((e) => `${[...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join(' ')} ${e.value ?? ''} ${e.title ?? ''}`).join('\n');
    return texts.filter((text) => shown.includes(text) || document.title.includes(text));
}

/** Runs in the page: points of the screen where something else than the lock is in front. */
export function besideLock() {
    let other = 0;
    for (let x = 1; x < 20; x++)
        for (let y = 1; y < 20; y++) if (!document.elementFromPoint(innerWidth * x / 20, innerHeight * y / 20)?.closest('.locked')) other++;
    return other;
}
