// SPDX-License-Identifier: Apache-2.0
// Keeps the pages on the machine, so that the next start moves almost nothing. Files with a hash in their name never
// change; "/" is shown from what is kept, under a nonce that is made anew for each start: none is ever used twice. A newer
// build waits beside the one that is shown until a page takes it. Nothing of a patient goes through here: the wire,
// materials and sessions are left alone.
declare const KEPT: string[];
declare const VERSION: string;
const worker = self as unknown as ServiceWorkerGlobalScope;
const NAME = `pages-${VERSION}`;
const OURS = /^\/(main|part|pdf-worker|viewer-worker)-[\w-]+\.(js|mjs|css)$|^\/(favicon\.svg|manifest\.webmanifest)?$/;
const POLICY = 'content-security-policy';
const NONCE_BYTES = 16;

/** In base64url, as the server's. */
function newNonce(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The kept page and its policy with another nonce. */
async function shown(kept: Response): Promise<Response> {
    const policy = kept.headers.get(POLICY) ?? '';
    const before = /'nonce-([\w-]+)'/.exec(policy)?.[1];
    if (!before) return kept;
    const now = newNonce();
    const headers = new Headers(kept.headers);
    headers.set(POLICY, policy.replaceAll(`'nonce-${before}'`, `'nonce-${now}'`));
    const text = (await kept.text()).replaceAll(`nonce="${before}"`, `nonce="${now}"`);
    return new Response(text, { status: kept.status, headers });
}

async function answer(request: Request, path: string): Promise<Response> {
    const cache = await caches.open(NAME);
    const kept = await cache.match(path);
    if (kept) return path === '/' ? shown(kept) : kept;
    const reply = await fetch(request);
    if (reply.ok) await cache.put(path, reply.clone());
    return reply;
}

worker.addEventListener('install', (event) => {
    event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)));
});

worker.addEventListener('message', (event) => {
    if (event.data === 'take over') void worker.skipWaiting();
});

worker.addEventListener('activate', (event) => {
    event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((n) => n !== NAME).map((n) => caches.delete(n)))).then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
    const url = new URL(event.request.url);
    if (event.request.method !== 'GET' || url.origin !== location.origin || !OURS.test(url.pathname)) return;
    event.respondWith(answer(event.request, url.pathname));
});
