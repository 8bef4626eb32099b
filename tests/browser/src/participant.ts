// SPDX-License-Identifier: Apache-2.0
// A specialist made of mediasoup-client, in Node over libwebrtc: signs in, goes on duty, brings media up
// while it rings, accepts, consumes what there is. Speaks docs/protocol/signaling.md and nothing else.
import { Device, type types } from 'mediasoup-client';

export interface Socket {
    send(text: string): void;
    close(): void;
    onmessage: ((event: { data: unknown }) => void) | null;
    onopen: ((event?: unknown) => void) | null;
    onclose: ((event?: unknown) => void) | null;
}

export interface Options {
    socket: Socket;
    handlerName?: types.BuiltinHandlerName; // Node has no user agent to guess from
    account: string;
    password: string;
    tracks(): Promise<MediaStreamTrack[]>;
    onTrack(track: MediaStreamTrack): void;
    takeover?: boolean;
}

interface Consultation {
    id: string;
    state: string;
}

interface Pending {
    resolve(value: any): void;
    reject(error: Error): void;
}

export class Participant {
    readonly consumers: types.Consumer[] = [];
    readonly producers: types.Producer[] = [];
    readonly log: string[] = [];
    consultation: Consultation | null = null;
    failure: string | null = null;
    private device: Device | null = null;
    private sendTransport: types.Transport | null = null;
    private receiveTransport: types.Transport | null = null;
    private readonly pending = new Map<string, Pending>();
    private readonly waiting: string[] = []; // producers announced before the receiving transport was there
    private account = '';
    private nextId = 1;

    constructor(private readonly options: Options) {}

    async start(): Promise<void> {
        const { socket } = this.options;
        await new Promise<void>((resolve, reject) => {
            socket.onopen = () => resolve();
            socket.onclose = () => reject(new Error('the connection was refused'));
        });
        socket.onclose = () => this.fail(new Error('the connection was closed'));
        socket.onmessage = (event) => this.receive(JSON.parse(String(event.data)));
        const { account, password, takeover = false } = this.options;
        const login = await this.request('auth.login', { account, password, takeover });
        this.account = login.account.id;
        for (const panel of (await this.request('directory.panels', {})).panels)
            await this.request('duty.set', { panelId: panel.id, onDuty: true });
        this.log.push('on duty');
    }

    request(method: string, params: object): Promise<any> {
        const id = `request-${this.nextId++}-${Math.random().toString(36).slice(2)}`;
        return new Promise((resolve, reject) => {
            this.pending.set(id, { resolve, reject });
            this.options.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
        });
    }

    async end(opinion: object): Promise<void> {
        const id = this.consultation!.id;
        await this.request('consultation.end', { id });
        await this.request('opinion.save', { consultationId: id, opinion });
        await this.request('opinion.sign', { consultationId: id });
    }

    close(): void {
        this.options.socket.onclose = null;
        this.sendTransport?.close();
        this.receiveTransport?.close();
        this.options.socket.close();
    }

    /** Plain objects of getStats of both transports, by type. */
    async stats(): Promise<any[]> {
        const rows: any[] = [];
        for (const transport of [this.sendTransport, this.receiveTransport])
            if (transport) (await transport.getStats()).forEach((row: any) => rows.push(row));
        return rows;
    }

    private fail(error: unknown): void {
        this.failure ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
    }

    private receive(message: any): void {
        if (message.method) {
            this.notified(message.method, message.params).catch((error) => this.fail(error));
            return;
        }
        const pending = this.pending.get(message.id);
        this.pending.delete(message.id);
        if (message.error) pending?.reject(new Error(`${message.error.message} (${JSON.stringify(message.error)})`));
        else pending?.resolve(message.result);
    }

    private async notified(method: string, params: any): Promise<void> {
        this.log.push(method);
        if (method === 'consultation.ring') await this.ring(params.consultation);
        else if (method === 'consultation.state') await this.changed(params.consultation);
        else if (method === 'media.newProducer') await this.announced(params.producerId);
        else if (method === 'media.consumerResumed') this.consumers.find((c) => c.id === params.consumerId)?.resume();
        else if (method === 'media.consumerPaused') this.consumers.find((c) => c.id === params.consumerId)?.pause();
    }

    private async ring(consultation: Consultation): Promise<void> {
        this.consultation = consultation;
        await this.connectMedia(consultation.id);
        this.consultation = await this.request('consultation.accept', { id: consultation.id });
        if ((this.consultation as any).consultation) this.consultation = (this.consultation as any).consultation;
        await this.request('consultation.enter', { id: consultation.id });
        for (const producer of this.producers) {
            producer.resume();
            await this.request('media.resume', { id: producer.id });
        }
    }

    private async changed(consultation: Consultation): Promise<void> {
        if (consultation.id === this.consultation?.id) this.consultation = consultation;
    }

    private async connectMedia(room: string): Promise<void> {
        const routerRtpCapabilities = await this.request('media.routerRtpCapabilities', { room });
        this.device = this.options.handlerName ? new Device({ handlerName: this.options.handlerName }) : new Device();
        await this.device.load({ routerRtpCapabilities });
        this.receiveTransport = await this.createTransport(room, 'recv');
        this.sendTransport = await this.createTransport(room, 'send');
        for (const track of await this.options.tracks()) {
            const zeroRtpOnPause = true;
            this.producers.push(await this.sendTransport.produce({ track, zeroRtpOnPause, stopTracks: false }));
            this.producers.at(-1)!.pause();
        }
        for (const id of this.waiting.splice(0)) await this.consume(id);
        this.log.push('media prepared');
    }

    private async createTransport(room: string, direction: 'send' | 'recv'): Promise<types.Transport> {
        const options = await this.request('media.createTransport', { room, direction });
        const transport =
            direction === 'send' ? this.device!.createSendTransport(options) : this.device!.createRecvTransport(options);
        transport.on('connect', ({ dtlsParameters }, done, failed) => {
            this.request('media.connectTransport', { transportId: transport.id, dtlsParameters }).then(done, failed);
        });
        transport.on('connectionstatechange', (state) => this.log.push(`${direction} ${state}`));
        if (direction === 'send')
            transport.on('produce', ({ kind, rtpParameters }, done, failed) => {
                const source = kind === 'audio' ? 'microphone' : 'camera';
                this.request('media.produce', { transportId: transport.id, kind, rtpParameters, source, paused: true }).then(
                    done,
                    failed,
                );
            });
        return transport;
    }

    private async announced(producerId: string): Promise<void> {
        if (this.receiveTransport) await this.consume(producerId);
        else this.waiting.push(producerId);
    }

    private async consume(producerId: string): Promise<void> {
        const answer = await this.request('media.consume', {
            transportId: this.receiveTransport!.id,
            producerId,
            rtpCapabilities: this.device!.recvRtpCapabilities,
        });
        const { id, kind, rtpParameters } = answer;
        const consumer = await this.receiveTransport!.consume({ id, producerId, kind, rtpParameters });
        this.consumers.push(consumer);
        this.options.onTrack(consumer.track);
    }
}
