// SPDX-License-Identifier: Apache-2.0
// Pages of one browser side by side: they share what waits. One of them sends, the one that was connected last; the
// others add and see.

const RUN = 'run';
const CHANGED = 'changed';
const SOON_MS = 50; // several changes are told of once

export interface TabsEnvironment {
    /** Another page wrote something down or took it away. */
    changed(): void;
    /** This page sends from now on, and nobody else; or not any more. */
    run(on: boolean): void;
}

export class Tabs {
    private readonly channel: BroadcastChannel;
    private wanted = false;
    private asking: AbortController | null = null;
    private release: (() => void) | null = null;
    private timer: ReturnType<typeof setTimeout> | null = null;

    constructor(private readonly name: string, private readonly env: TabsEnvironment) {
        this.channel = new BroadcastChannel(name);
        this.channel.onmessage = ({ data }) => (data === RUN ? this.give() : this.soon());
    }

    changed(): void {
        this.channel.postMessage(CHANGED);
    }

    /** Whether this page has a connection; only one of a browser has. */
    want(on: boolean): void {
        if (on === this.wanted) return;
        this.wanted = on;
        this.give();
        if (!on) return;
        this.channel.postMessage(RUN);
        this.asking = new AbortController();
        const { signal } = this.asking;
        void navigator.locks.request(this.name, { signal }, () => new Promise<void>((resolve) => {
            this.release = resolve;
            this.env.run(true);
        })).catch(() => undefined); // given up before it came
    }

    close(): void {
        this.want(false);
        this.channel.close();
        if (this.timer) clearTimeout(this.timer);
    }

    private give(): void {
        this.asking?.abort();
        this.asking = null;
        if (!this.release) return;
        this.env.run(false);
        this.release();
        this.release = null;
    }

    private soon(): void {
        this.timer ??= setTimeout(() => { this.timer = null; this.env.changed(); }, SOON_MS);
    }
}
