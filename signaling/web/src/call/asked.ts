// SPDX-License-Identifier: Apache-2.0
// What the others ask of this page by room.signal: a still, the floor, silence, a look at a material. Keeps what is open;
// the page answers.
import { signal } from '@preact/signals';
import type { Connection } from '../wire/connection';
import { NO_FLOOR, quiets, told, type Floor } from './floor';

export class Asked {
    readonly floor = signal<Floor>(NO_FLOOR);
    readonly still = signal<string | null>(null); // account that asks
    readonly mute = signal(false);
    readonly quieted = signal<string | null>(null); // who speaks instead
    readonly view = signal<{ by: string; materialId: string } | null>(null);
    private readonly undo: () => void;

    constructor(private readonly room: string, private readonly account: string, private readonly server: Pick<Connection, 'call' | 'on'>, private readonly silence: () => void) {
        this.undo = server.on('room.signalled', ({ room: of, by, kind, body }) => { if (of === room) this.heard(kind, by, body as Record<string, unknown>); });
    }

    close(): void {
        this.undo();
    }

    /** What the chair's page knew before a reload; the others know it still. */
    restore(floor: Floor): void {
        if (this.floor.value === NO_FLOOR) this.floor.value = floor;
    }

    /** Says it to the others and to this page. */
    async say(kind: 'floor' | 'hand' | 'still' | 'view', body: Record<string, unknown>, to?: string): Promise<void> {
        await this.server.call('room.signal', { room: this.room, kind, body, ...(to ? { to } : {}) });
        if (kind === 'floor' || kind === 'hand') this.floor.value = told(this.floor.value, kind, this.account, body);
    }

    private heard(kind: string, by: string, body: Record<string, unknown>): void {
        if (kind === 'still') this.still.value = by;
        else if (kind === 'mute') this.mute.value = true;
        else if (kind === 'view' && typeof body['materialId'] === 'string') this.view.value = { by, materialId: body['materialId'] };
        else if (kind === 'floor' || kind === 'hand') {
            const before = this.floor.value;
            const after = told(before, kind, by, body);
            this.floor.value = after;
            if (quiets(before, after, this.account)) {
                this.quieted.value = after.of;
                this.silence();
            } else if (after.of === null) this.quieted.value = null;
        }
    }
}
