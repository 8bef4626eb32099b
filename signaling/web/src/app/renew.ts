// SPDX-License-Identifier: Apache-2.0
// A newer build of the pages: looked for at each start and now and then, kept beside the present one by the service worker
// (sw.ts), taken at a start, where nothing is lost, or when the person says so. Never by itself under a person's hands.
import { signal } from '@preact/signals';
import { server } from '../wire/server';
import { running } from './running';

/** There is one to be taken. */
export const newer = signal(false);

const LOOK_MS = 60 * 60 * 1000; // between two looks of a page that stays open: one small question to the server
const TAKEN_MS = 5000; // to take over, on an old machine
const AGAIN_MS = 30_000; // to register where the network went away meanwhile; twice as long each time
let registration: ServiceWorkerRegistration | null = null;
let looked = Date.now();
let taking = false;

/** Comes back as the newer build. */
export function renew(): void {
    taking = true;
    if (!registration?.waiting) {
        location.reload();
        return;
    }
    newer.value = false;
    registration.waiting.postMessage('take over');
    setTimeout(noticed, TAKEN_MS); // told once more if it was not taken
}

/** A part that is not there any more, or an hour that went by. */
export function lookForNewer(): void {
    looked = Date.now();
    void registration?.update().catch(() => undefined); // asked again later
}

function noticed(): void {
    newer.value = registration?.waiting !== null && registration?.waiting !== undefined;
}

async function registered(serviceWorker: ServiceWorkerContainer): Promise<ServiceWorkerRegistration> {
    for (let ms = AGAIN_MS; ; ms = Math.min(2 * ms, LOOK_MS)) {
        const done = await serviceWorker.register('/sw.js').catch(() => null);
        if (done) return done;
        await new Promise((resolve) => setTimeout(resolve, ms));
    }
}

export async function keepPages(): Promise<void> {
    const { serviceWorker } = navigator;
    if (!serviceWorker) return;
    let controlled = serviceWorker.controller !== null; // else this is the first start, and what takes over is this build
    serviceWorker.addEventListener('controllerchange', () => {
        if (taking) location.reload();
        else if (controlled) newer.value = true; // another page took it
        controlled = true;
    });
    // where one is in force the browser looks for its next by itself at each start; to register again would look twice
    registration = (controlled && (await serviceWorker.getRegistration())) || (await registered(serviceWorker));
    if (registration.waiting && controlled && running.value === null) {
        renew();
        return;
    }
    const watch = (next: ServiceWorker | null): void => next?.addEventListener('statechange', () => { if (next.state === 'installed' && serviceWorker.controller) noticed(); });
    watch(registration.installing);
    registration.addEventListener('updatefound', () => watch(registration!.installing));
    if (controlled) noticed();
}

server.state.subscribe((state) => { if (state === 'ready' && Date.now() - looked > LOOK_MS) lookForNewer(); });
