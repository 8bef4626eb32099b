// SPDX-License-Identifier: Apache-2.0
// Media of one call: transports, own streams, streams of the others, kept up through drops by reconnect.ts. Speaks
// media.* of docs/protocol/signaling.md with mediasoup-client. Refuses to know the page, capture and the consultation:
// it is told which tracks to send and from when on they may be heard.
import { signal } from '@preact/signals';
import type { types } from 'mediasoup-client';
import { notOurs, Refusal, type Connection, type Told } from '../wire/connection';
import { EXAMINATION, cameraEncodings, topOf } from './encodings';
import { newLink, step, type Act, type Direction, type Link, type LinkEvent, type Mode } from './reconnect';

export type Source = 'microphone' | 'camera' | 'examination';
/** Name of an own stream: a stethoscope is the examination's sound. */
export type OwnKey = 'microphone' | 'camera' | 'examination' | 'stethoscope';

export interface Own {
    key: OwnKey;
    source: Source;
    track: MediaStreamTrack;
    muted: boolean; // by the person
    producer: types.Producer | null; // null: not on the transport (yet)
    sizes: number; // of its picture, that the producer sends
}

export interface Remote {
    consumerId: string;
    producerId: string;
    participantId: string;
    kind: 'audio' | 'video';
    source: Source;
    track: MediaStreamTrack;
    paused: boolean;
    consumer: types.Consumer;
    layer?: number; // of the three sizes: what is asked for, undefined: all there is
}

export interface MediaEnvironment {
    server: Pick<Connection, 'call' | 'on' | 'onReload' | 'state' | 'doubt'>;
    device(): Promise<types.Device>;
    now(): number; // ms
    later(action: () => void, ms: number): () => void; // returns: cancel
    /** Transports that a page before this one made and could not close. */
    kept: { get(): string[]; set(ids: string[]): void };
}

/** Stays while joining fails for a reason that passes; `over`: closed, or the room does not take this account. */
export type MediaMode = Mode | 'over';

const SOURCE: Record<OwnKey, Source> = { microphone: 'microphone', camera: 'camera', examination: 'examination', stethoscope: 'examination' };

class Superseded extends Error {}

export class CallMedia {
    readonly mode = signal<MediaMode>('joining');
    readonly own = signal<Own[]>([]);
    readonly remotes = signal<Remote[]>([]);
    /** Why the room is not entered; tried again by itself unless the mode is `over`. */
    readonly problem = signal<unknown>(null);
    private link: Link = newLink();
    private device: types.Device | null = null;
    private readonly transports: Record<Direction, types.Transport | null> = { send: null, recv: null };
    private readonly announced = new Map<string, Told<'media.newProducer'>>();
    private readonly gone = new Set<string>(); // consumers that were closed before they were there
    private readonly early = new Map<string, boolean>(); // or paused, resumed
    private generation = 0; // of joining; what belongs to an older one is closed when it comes
    private flowing = false;
    private layer = 2;
    private cancelTick: (() => void) | null = null;
    private readonly undo: (() => void)[] = [];
    private started = false;

    constructor(readonly room: string, private readonly env: MediaEnvironment, private readonly listensOnly = false) {}

    /** Brings transports up. Once; from then on they come back by themselves. */
    start(): void {
        if (this.started) return;
        this.started = true;
        const { server } = this.env;
        this.undo.push(
            server.on('media.newProducer', (told) => this.heardOf(told)),
            server.on('media.consumerClosed', ({ consumerId }) => this.lose(consumerId)),
            server.on('media.consumerPaused', ({ consumerId }) => this.mark(consumerId, true)),
            server.on('media.consumerResumed', ({ consumerId }) => this.mark(consumerId, false)),
            server.on('media.transportState', (told) => this.told(told)),
            server.onReload(() => this.happened({ type: 'missed' })),
            server.state.subscribe((state) => this.happened({ type: 'signalling', up: state === 'ready' })),
        );
        this.act('join');
    }

    /** The network of this machine changed: a new way is looked for at once. */
    networkChanged(): void {
        this.happened({ type: 'network' });
    }

    /** What kept the room closed may be gone (it was entered): does not wait for the next attempt. */
    hurry(): void {
        if (this.problem.value === null || this.mode.value !== 'joining') return;
        this.link = { ...this.link, dueMs: this.env.now() };
        this.happened({ type: 'tick' });
    }

    /** May own streams be heard and seen? Until then they are made ready and sent to nobody. */
    flow(on: boolean): void {
        this.flowing = on;
        for (const own of this.own.value) this.adjust(own);
    }

    /** Sends a track, or another one in the place of the former (another camera). */
    async send(key: OwnKey, track: MediaStreamTrack, muted = false): Promise<void> {
        const known = this.own.value.find((o) => o.key === key);
        if (known) {
            known.track = track;
            this.own.value = [...this.own.value];
            if (!known.producer) return;
            if (key !== 'camera' || known.sizes === cameraEncodings(track.getSettings()).length) return known.producer.replaceTrack({ track });
            this.unproduce(known); // a camera of another size
            if (this.transports.send) await this.produce(known, this.transports.send);
            return;
        }
        const own: Own = { key, source: SOURCE[key], track, muted, producer: null, sizes: 1 };
        this.own.value = [...this.own.value, own];
        if (this.transports.send) await this.produce(own, this.transports.send);
    }

    stop(key: OwnKey): void {
        const own = this.own.value.find((o) => o.key === key);
        this.own.value = this.own.value.filter((o) => o.key !== key);
        if (own) this.unproduce(own);
    }

    mute(key: OwnKey, muted: boolean): void {
        this.own.value = this.own.value.map((o) => (o.key === key ? Object.assign(o, { muted }) : o));
        const own = this.own.value.find((o) => o.key === key);
        if (own) this.adjust(own);
    }

    /** The largest of the camera's pictures that is sent, 2 for the full one; -1: none. */
    async limit(layer: number): Promise<void> {
        this.layer = layer;
        const camera = this.own.value.find((o) => o.key === 'camera');
        if (!camera) return;
        this.adjust(camera);
        await this.limitSizes(camera);
    }

    /** Which size of a picture is worth its way here: 2 large, 0 small. */
    prefer(remote: Remote, layer: number): void {
        remote.layer = layer;
        if (!remote.consumer.closed) void this.env.server.call('media.setPreferredLayers', { consumerId: remote.consumerId, spatialLayer: layer }).catch(() => undefined);
    }

    /** getStats of what is sent. */
    async sentRows(): Promise<Record<string, unknown>[]> {
        return this.transports.send && !this.transports.send.closed ? rowsOf(await this.transports.send.getStats()) : [];
    }

    async receivedRows(remote: Remote): Promise<Record<string, unknown>[]> {
        return remote.consumer.closed ? [] : rowsOf(await remote.consumer.getStats());
    }

    /** Leaves the room; tracks belong to who gave them. */
    close(): void {
        this.generation++;
        this.undo.splice(0).forEach((f) => f());
        this.cancelTick?.();
        this.drop(true);
        this.mode.value = 'over';
    }

    // ---- what happens, and what is done about it ----

    private happened(event: LinkEvent): void {
        if (this.mode.value === 'over') return;
        const [link, act] = step(this.link, event, this.env.now());
        this.link = link;
        this.mode.value = link.mode;
        this.cancelTick?.();
        this.cancelTick = link.dueMs === Infinity ? null : this.env.later(() => this.happened({ type: 'tick' }), Math.max(0, link.dueMs - this.env.now()));
        this.act(act);
    }

    private act(act: Act): void {
        if (act === 'join') void this.join();
        else if (act === 'restart') void this.restart();
    }

    private async join(): Promise<void> {
        const generation = ++this.generation;
        try {
            await this.bringUp(generation);
            this.problem.value = null;
            if (generation === this.generation) this.happened({ type: 'joined' });
        } catch (error) {
            if (error instanceof Superseded || generation !== this.generation) return;
            this.problem.value = error;
            this.happened({ type: 'notJoined' });
        }
    }

    /** The server refuses the room to this account (for now): the page may know why. */
    refused(): boolean {
        return notOurs(this.problem.value);
    }

    private async bringUp(generation: number): Promise<void> {
        this.drop(true);
        this.announced.clear();
        this.gone.clear();
        this.early.clear();
        // one round trip: nothing of these waits for another
        const [, recv, send] = await Promise.all([this.load(), this.ask('recv', generation), this.listensOnly ? null : this.ask('send', generation)]);
        if (generation !== this.generation) throw new Superseded();
        this.env.kept.set([recv, send].flatMap((t) => (t ? [t.id] : [])));
        this.transports.recv = this.wire('recv', recv);
        this.transports.send = send && this.wire('send', send);
        for (const told of this.announced.values()) void this.consume(told);
        if (this.transports.send) await Promise.all(this.own.value.map((own) => this.produce(own, this.transports.send!)));
    }

    private async load(): Promise<void> {
        if (this.device) return;
        const [device, routerRtpCapabilities] = await Promise.all([this.env.device(), this.env.server.call('media.routerRtpCapabilities', { room: this.room })]);
        await device.load({ routerRtpCapabilities: routerRtpCapabilities as unknown as types.RtpCapabilities });
        this.device ??= device;
    }

    private async ask(direction: Direction, generation: number): Promise<types.TransportOptions> {
        const options = await this.env.server.call('media.createTransport', { room: this.room, direction });
        if (generation !== this.generation) this.command('media.close', options.id);
        return options as unknown as types.TransportOptions;
    }

    private wire(direction: Direction, options: types.TransportOptions): types.Transport {
        const { server } = this.env;
        const transport = direction === 'send' ? this.device!.createSendTransport(options) : this.device!.createRecvTransport(options);
        transport.on('connect', ({ dtlsParameters }, done, failed) => {
            server.call('media.connectTransport', { transportId: transport.id, dtlsParameters: dtlsParameters as never }).then(done, failed);
        });
        transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
            const source = appData['source'] as Source;
            server.call('media.produce', { transportId: transport.id, kind, source, rtpParameters: rtpParameters as never, paused: appData['paused'] === true }).then(done, failed);
        });
        transport.on('connectionstatechange', (state) => {
            if (this.transports[direction] === transport) this.happened({ type: 'browser', direction, state });
        });
        return transport;
    }

    private async restart(): Promise<void> {
        const generation = this.generation;
        this.env.server.doubt(); // what took the media may have taken it too
        try {
            await Promise.all(Object.values(this.transports).map(async (transport) => {
                if (!transport || transport.closed || transport.connectionState === 'new') return;
                const { iceParameters } = await this.env.server.call('media.restartIce', { transportId: transport.id });
                if (generation === this.generation) await transport.restartIce({ iceParameters: iceParameters as types.IceParameters });
            }));
            if (generation === this.generation) this.happened({ type: 'restarted', ok: true });
        } catch {
            if (generation === this.generation) this.happened({ type: 'restarted', ok: false });
        }
    }

    private told({ transportId, state }: Told<'media.transportState'>): void {
        for (const direction of ['send', 'recv'] as const)
            if (this.transports[direction]?.id === transportId) this.happened({ type: 'server', direction, state });
    }

    // ---- own streams ----

    private async produce(own: Own, transport: types.Transport): Promise<void> {
        const paused = this.held(own);
        const encodings = own.key === 'camera' ? cameraEncodings(own.track.getSettings()) : own.key === 'examination' ? EXAMINATION : undefined;
        const producer = await transport.produce({
            track: own.track, stopTracks: false, zeroRtpOnPause: true, disableTrackOnPause: false, appData: { source: own.source, paused },
            ...(encodings ? { encodings } : {}), ...(own.key === 'microphone' ? { codecOptions: { opusFec: true, opusDtx: true } } : own.key === 'stethoscope' ? { codecOptions: { opusDtx: false, opusFec: true } } : {}),
        });
        if (this.transports.send !== transport || !this.own.value.includes(own)) {
            producer.close();
            this.command('media.close', producer.id);
            return;
        }
        own.producer = producer;
        own.sizes = encodings?.length ?? 1;
        if (paused) producer.pause();
        producer.on('transportclose', () => { if (own.producer === producer) own.producer = null; });
        await favour(producer, own.key);
        if (own.key === 'camera') await this.limitSizes(own);
        this.own.value = [...this.own.value];
        this.adjust(own);
    }

    private unproduce(own: Own): void {
        const { producer } = own;
        own.producer = null;
        if (!producer) return;
        producer.close();
        this.command('media.close', producer.id);
    }

    /** Of a single size the encoder itself adapts. */
    private async limitSizes({ producer, sizes }: Own): Promise<void> {
        const top = topOf(sizes, this.layer);
        if (producer && this.layer >= 0 && top !== (producer.maxSpatialLayer ?? sizes - 1)) await producer.setMaxSpatialLayer(top).catch(() => undefined);
    }

    private held(own: Own): boolean {
        return !this.flowing || own.muted || (own.key === 'camera' && this.layer < 0);
    }

    private adjust(own: Own): void {
        const paused = this.held(own);
        if (!own.producer || own.producer.closed || own.producer.paused === paused) return;
        if (paused) own.producer.pause();
        else own.producer.resume();
        this.command(paused ? 'media.pause' : 'media.resume', own.producer.id);
    }

    // ---- streams of the others ----

    private heardOf(told: Told<'media.newProducer'>): void {
        if (told.room !== this.room) return;
        this.announced.set(told.producerId, told);
        if (this.transports.recv) void this.consume(told);
    }

    private async consume({ producerId, participantId, source }: Told<'media.newProducer'>): Promise<void> {
        const transport = this.transports.recv!;
        if (this.remotes.value.some((r) => r.producerId === producerId)) return;
        try {
            const answer = await this.env.server.call('media.consume', { transportId: transport.id, producerId, rtpCapabilities: this.device!.recvRtpCapabilities as never });
            const { id, kind, rtpParameters } = answer;
            this.early.delete(id); // what was told before the answer is in it
            if (transport !== this.transports.recv) return;
            const consumer = await transport.consume({ id, producerId, kind, rtpParameters: rtpParameters as unknown as types.RtpParameters, streamId: `${participantId}-${source}` });
            if (transport !== this.transports.recv || this.gone.delete(id)) return consumer.close();
            this.remotes.value = [...this.remotes.value, { consumerId: id, producerId, participantId, kind, source, track: consumer.track, paused: this.early.get(id) ?? answer.paused, consumer }];
        } catch (error) {
            // gone meanwhile, consumed already, or no codec in common: there is nothing to show, and the rest goes on
            if (!(error instanceof Refusal)) this.problem.value = error;
        }
    }

    private lose(consumerId: string): void {
        const lost = this.remotes.value.find((r) => r.consumerId === consumerId);
        if (!lost) return void this.gone.add(consumerId);
        this.announced.delete(lost.producerId);
        lost.consumer.close();
        this.remotes.value = this.remotes.value.filter((r) => r !== lost);
    }

    private mark(consumerId: string, paused: boolean): void {
        if (!this.remotes.value.some((r) => r.consumerId === consumerId)) this.early.set(consumerId, paused);
        this.remotes.value = this.remotes.value.map((r) => (r.consumerId === consumerId ? { ...r, paused } : r));
    }

    // ---- leaving things behind ----

    /** What nobody waits for: a repeat or a refusal changes nothing. */
    private command(method: 'media.close' | 'media.pause' | 'media.resume', id: string): void {
        void this.env.server.call(method, { id }).catch(() => undefined);
    }

    private drop(tell: boolean): void {
        const { send, recv } = this.transports;
        this.transports.send = this.transports.recv = null;
        for (const transport of [send, recv]) transport?.close();
        for (const own of this.own.value) own.producer = null;
        this.remotes.value = [];
        if (tell) for (const id of this.env.kept.get()) this.command('media.close', id);
        this.env.kept.set([]);
    }
}

function rowsOf(report: RTCStatsReport): Record<string, unknown>[] {
    const rows: Record<string, unknown>[] = [];
    report.forEach((row) => rows.push(row as Record<string, unknown>));
    return rows;
}

/** Speech goes before pictures on a narrow link, in larger packets; an examination keeps its sharpness. */
async function favour(producer: types.Producer, key: OwnKey): Promise<void> {
    const sender = producer.rtpSender;
    const parameters = sender?.getParameters?.();
    const [first] = parameters?.encodings ?? [];
    if (!sender || !parameters || !first) return;
    if (producer.kind === 'audio') Object.assign(first, { priority: 'high', networkPriority: 'high', adaptivePtime: key === 'microphone' });
    else Object.assign(parameters, { degradationPreference: key === 'examination' ? 'maintain-resolution' : 'balanced' });
    await sender.setParameters(parameters).catch(() => undefined); // a browser that knows none of these goes without
}

/** Brings the media of a consultation up before it is entered (while it rings); the call page picks it up. */
export async function prepare(consultationId: string): Promise<void> {
    const { begin } = await import('./prepare');
    await begin(consultationId);
}

/** It is not answered here after all. */
export async function discard(consultationId: string): Promise<void> {
    const { forget } = await import('./prepare');
    forget(consultationId);
}
