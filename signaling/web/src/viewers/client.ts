// SPDX-License-Identifier: Apache-2.0
// The page's end of the viewers' worker. Messages of a worker that was closed are never heard.
import type { Answered, Asked } from './worker';
import { Unshowable } from './unshowable';

declare const VIEWER_WORKER: string; // address, from build.mjs

export class ViewerWorker {
    private readonly worker = new Worker(VIEWER_WORKER, { type: 'module' });

    constructor(hear: (message: Answered) => void) {
        this.worker.onmessage = (event: MessageEvent<Answered>) => hear(event.data);
        this.worker.onerror = () => hear({ type: 'failed', code: 'damaged', detail: '' });
    }

    ask(message: Asked): void {
        this.worker.postMessage(message);
    }

    close(): void {
        this.worker.onmessage = null;
        this.worker.onerror = null;
        this.worker.terminate();
    }
}

export function unshowable(error: unknown): Unshowable {
    return error instanceof Unshowable ? error : new Unshowable('damaged');
}
