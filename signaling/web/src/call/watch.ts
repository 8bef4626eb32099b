// SPDX-License-Identifier: Apache-2.0
// Looks after a running call: how well each is received here (told to them), how well one is received there (as they
// tell), who speaks, and what the link out may carry. Measures with quality.ts, band.ts and speaker.ts; no page, no words.
import { signal } from '@preact/signals';
import type { Connection } from '../wire/connection';
import { climb, LAYER, newBand, returned, sent, type Band, type Rung, type Wish } from './band';
import type { CallMedia, Remote } from './media';
import { asLarge, countersOf, judge, judgeRemote, measure, newSteady, outgoing, ownLimit, readHeard, reasonOf, settle, type Counters, type Heard, type Judged, type OwnLimit, type Steady } from './quality';
import { setPace } from './upload';
import { listen, newSpeaker, type Speaker } from './speaker';

export interface Received { audio: Judged; video: Judged }

const LOOK_MS = 2000;
const LISTEN_MS = 250;
const REPEAT_MS = 15_000; // what one heard is said again, for who came later
const SILENT_MS = 20_000; // who says nothing that long does not know how to: a native terminal
const OFF: Judged = { level: 'none', reason: 'off' };

interface Seen { before: Counters | null; steady: Steady; measures: number }

const MEASURES_FIRST = 2; // a stream that just began is still finding its rate

/** Judged at least once. */
const known = (j: Judged): boolean => j.level !== 'none' || j.reason !== 'none';

export class Watch {
    readonly received = signal<ReadonlyMap<string, Received>>(new Map());
    readonly heardBy = signal<ReadonlyMap<string, Heard>>(new Map());
    readonly active = signal<string | null>(null);
    readonly rung = signal<Rung>('full');
    readonly wish = signal<Wish>('auto');
    readonly limit = signal<OwnLimit>('none');
    /** Does who sits here take part? An observer is neither heard nor tells what it hears. */
    takesPart = false;
    private band: Band = newBand();
    private speaker: Speaker = newSpeaker();
    private readonly seen = new Map<string, Seen>();
    private readonly told = new Map<string, { text: string; atMs: number }>();
    private readonly since = new Map<string, number>(); // since when a participant is received
    private readonly saidMs = new Map<string, number>();
    private readonly undo: (() => void)[] = [];

    constructor(private readonly media: CallMedia, private readonly server: Pick<Connection, 'call' | 'on'>) {}

    start(): void {
        const look = setInterval(() => void this.look().catch(() => undefined), LOOK_MS); // a transport that just went: next time
        const ear = setInterval(() => this.hear(), LISTEN_MS);
        this.undo.push(() => clearInterval(look), () => clearInterval(ear), this.server.on('room.signalled', ({ room, by, kind, body }) => {
            if (room !== this.media.room || kind !== 'heard') return;
            const heard = readHeard(body as Record<string, unknown>);
            if (!heard) return;
            this.saidMs.set(by, Date.now());
            this.heardBy.value = new Map(this.heardBy.value).set(by, heard);
        }), this.media.mode.subscribe((mode) => {
            if (mode !== 'up') return;
            this.band = returned(this.band, Date.now());
            this.applyBand();
        }));
    }

    stop(): void {
        this.undo.splice(0).forEach((f) => f());
    }

    /** The person's own choice goes before the ladder. */
    choose(wish: Wish): void {
        this.wish.value = wish;
        this.applyBand();
    }

    /** Somebody went: what they said of us is over. */
    forget(account: string): void {
        for (const map of [this.told, this.saidMs, this.since]) map.delete(account);
        const heardBy = new Map(this.heardBy.value);
        if (heardBy.delete(account)) this.heardBy.value = heardBy;
    }

    // ---- inside ----

    private async look(): Promise<void> {
        const nowMs = Date.now();
        const remotes = this.media.remotes.value;
        await Promise.all(remotes.map((r) => this.lookAt(r)));
        const ids = new Set(remotes.map((r) => r.consumerId));
        for (const id of this.seen.keys()) if (!ids.has(id)) this.seen.delete(id);
        this.gather(remotes);
        if (this.takesPart && this.media.mode.value === 'up') this.tellAll(nowMs);
        await this.lookOut(nowMs);
    }

    private async lookAt(remote: Remote): Promise<void> {
        const nowMs = Date.now();
        const seen = this.seen.get(remote.consumerId) ?? { before: null, steady: newSteady(), measures: 0 };
        this.seen.set(remote.consumerId, seen);
        const after = countersOf(await this.media.receivedRows(remote), remote.kind, nowMs);
        const m = after && seen.before ? measure(seen.before, after) : null;
        seen.before = after ?? seen.before;
        if (remote.paused) seen.steady = { shown: OFF, next: OFF, sinceMs: nowMs };
        else if (m && ++seen.measures >= MEASURES_FIRST) seen.steady = settle(seen.steady, judge(remote.kind, asLarge(m, remote.kind === 'video' ? remote.layer : undefined)), nowMs);
    }

    /** The face and the voice; what an examination sends is shown beside its picture only. */
    private gather(remotes: Remote[]): void {
        const all = new Map<string, Received>();
        for (const { participantId } of remotes) {
            const of = (source: string): Judged => this.seen.get(remotes.find((r) => r.participantId === participantId && r.source === source)?.consumerId ?? '')?.steady.shown ?? OFF;
            const audio = of('microphone'), video = of('camera');
            if (known(audio) && known(video)) all.set(participantId, { audio, video });
            if (!this.since.has(participantId)) this.since.set(participantId, Date.now());
        }
        if (JSON.stringify([...all]) !== JSON.stringify([...this.received.value])) this.received.value = all;
    }

    private tellAll(nowMs: number): void {
        for (const [of, { audio, video }] of this.received.value) {
            const body = { of, audio: audio.level, video: video.level, reason: reasonOf(audio, video), own: this.limit.value };
            const text = JSON.stringify(body);
            const told = this.told.get(of);
            if (told?.text === text && nowMs - told.atMs < REPEAT_MS) continue;
            this.told.set(of, { text, atMs: nowMs });
            void this.server.call('room.signal', { room: this.media.room, kind: 'heard', to: of, body }).catch(() => undefined); // said again soon
        }
    }

    private async lookOut(nowMs: number): Promise<void> {
        const rows = await this.media.sentRows();
        if (!rows.length || this.media.mode.value === 'over') return; // it ended while they were fetched: uploads have the link again
        const camera = this.media.own.value.find((o) => o.key === 'camera');
        this.limit.value = ownLimit(rows, camera?.track.getSettings().height);
        const loss = rows.find((r) => r['type'] === 'remote-inbound-rtp' && r['kind'] === 'audio')?.['fractionLost'];
        if (this.media.own.value.some((o) => o.producer && !o.producer.paused)) setPace(outgoing(rows)); // while it rings nobody is heard, and nothing is measured
        this.band = climb(this.band, outgoing(rows), typeof loss === 'number' ? loss : 0, nowMs);
        this.applyBand();
        this.speakFor(rows, nowMs);
    }

    /** For those who can't tell: the relay's reports of our own streams stand for what they receive. */
    private speakFor(rows: Record<string, unknown>[], nowMs: number): void {
        const audio = judgeRemote(rows, 'audio'), video = judgeRemote(rows, 'video');
        if (!audio && !video) return;
        const heardBy = new Map(this.heardBy.value);
        for (const [account, since] of this.since) {
            if (nowMs - Math.max(since, this.saidMs.get(account) ?? 0) < SILENT_MS || !this.received.value.has(account)) continue;
            heardBy.set(account, { of: '', audio: audio?.level ?? 'none', video: video?.level ?? 'none', reason: reasonOf(audio ?? OFF, video ?? OFF) });
        }
        if (JSON.stringify([...heardBy]) !== JSON.stringify([...this.heardBy.value])) this.heardBy.value = heardBy;
    }

    private applyBand(): void {
        const rung = sent(this.band, this.wish.value);
        if (rung === this.rung.value) return;
        this.rung.value = rung;
        void this.media.limit(LAYER[rung]);
    }

    private hear(): void {
        const levels = new Map<string, number>();
        for (const r of this.media.remotes.value) {
            if (r.kind !== 'audio' || r.source !== 'microphone' || r.paused) continue;
            const source = r.consumer.rtpReceiver?.getSynchronizationSources?.()[0];
            levels.set(r.participantId, source?.audioLevel ?? 0);
        }
        this.speaker = listen(this.speaker, levels, Date.now());
        this.active.value = this.speaker.active !== null && levels.has(this.speaker.active) ? this.speaker.active : null;
    }
}
