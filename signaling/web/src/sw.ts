// SPDX-License-Identifier: Apache-2.0
// Keeps the pages on the machine, so that the next start moves almost nothing. Files with a hash in their name never
// change; "/" is shown from what is kept and looked after in the background. Nothing of a patient goes through here:
// the wire, materials and sessions are left alone.
declare const KEPT: string[];
declare const VERSION: string;
const worker = self as unknown as ServiceWorkerGlobalScope;
const NAME = `pages-${VERSION}`;
const OURS = /^\/(main|part|pdf-worker|viewer-worker)-[\w-]+\.(js|mjs|css)$|^\/(favicon\.svg|manifest\.webmanifest)?$/;

worker.addEventListener('install', (event) => {
    event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)).then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
    event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((n) => n !== NAME).map((n) => caches.delete(n)))).then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
    const url = new URL(event.request.url);
    if (event.request.method !== 'GET' || url.origin !== location.origin || !OURS.test(url.pathname)) return;
    event.respondWith(caches.open(NAME).then(async (cache) => {
        const kept = await cache.match(url.pathname);
        if (kept) return kept;
        const reply = await fetch(event.request);
        if (reply.ok) await cache.put(url.pathname, reply.clone());
        return reply;
    }));
});
