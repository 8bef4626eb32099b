// SPDX-License-Identifier: Apache-2.0
// One's seat in a call: media, own devices, presence. It outlives the page, so that a call goes on while another page is
// looked at, and is there before the page (prepare.ts). Refuses to know what is drawn.
import { signal } from '@preact/signals';
import { remember } from '../case/live';
import { callPace } from '../outbox/pace';
import { Refusal } from '../wire/connection';
import { server } from '../wire/server';
import type { Consultation } from '../wire/protocol';
import { choice, choose, nextCamera, openCamera, openExamination, openMicrophone, openStethoscope, problemOf, takeStill, type CaptureProblem } from './capture';
import { FlowStates } from './states';
import type { CallMedia, OwnKey } from './media';
import { watchNetwork, type NetworkLink } from './network';
import { Watch } from './watch';

export class Seat {
    readonly watch: Watch;
    /** Why a device does not work, by own stream. */
    readonly trouble = signal<Partial<Record<OwnKey, CaptureProblem>>>({});
    readonly cameraOn = signal(true);
    readonly muted = signal(false);
    readonly entered = signal(false);
    /** Why one can't enter (yet); the server's words. */
    readonly barred = signal<unknown>(null);
    private readonly undo: (() => void)[] = [];
    private left = false;
    private capturing: Promise<void> | null = null;

    constructor(readonly id: string, readonly account: string, readonly media: CallMedia) {
        this.watch = new Watch(media, server);
        this.watch.start();
        this.undo.push(
            watchNetwork(window, (navigator as { connection?: NetworkLink }).connection, () => media.networkChanged()), () => this.watch.stop(), server.press(),
            server.on('consultation.state', ({ consultation }) => { if (consultation.id === id) this.follow(consultation); }),
            server.on('consultation.participant', (told) => { if (told.id === id && !told.present) this.watch.forget(told.participantId); }),
        );
        media.start();
    }

    /** From the moment it is answered, own streams flow; not before, and not to a room that is over. */
    follow(c: Consultation): void {
        this.watch.takesPart = this.takesPart(c);
        this.media.flow((c.live === true || FlowStates.has(c.state)) && this.takesPart(c));
    }

    takesPart(c: Consultation): boolean {
        const member = c.members?.find((m) => m.account.id === this.account);
        return c.applicant.id === this.account || c.specialist?.id === this.account || (member?.ring === 'accepted' && member.role !== 'observer');
    }

    /** To be there for the others. Tried again by who calls it when the case changes. */
    async enter(): Promise<void> {
        try {
            const { consultation } = await server.call('consultation.enter', { id: this.id });
            if (this.left) return;
            this.barred.value = null;
            this.entered.value = true;
            remember(consultation);
            this.follow(consultation);
            this.media.hurry();
        } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            this.barred.value = error;
        }
    }

    /** Opens microphone and camera, once; one that fails does not keep the other from being heard. */
    capture(): Promise<void> {
        this.capturing ??= Promise.all([this.take('microphone', openMicrophone), this.cameraOn.value ? this.take('camera', openCamera) : undefined]).then(() => undefined);
        return this.capturing;
    }

    track(key: OwnKey): MediaStreamTrack | undefined {
        return this.media.own.value.find((o) => o.key === key)?.track;
    }

    mute(muted: boolean): void {
        this.muted.value = muted;
        this.media.mute('microphone', muted);
    }

    /** Off is off: its lamp goes out. */
    async camera(on: boolean): Promise<void> {
        this.cameraOn.value = on;
        if (on) {
            await this.take('camera', openCamera);
            this.media.mute('camera', false);
        } else {
            this.media.mute('camera', true);
            this.track('camera')?.stop();
        }
    }

    /** false: there is no other camera. */
    async switchCamera(): Promise<boolean> {
        const former = this.track('camera');
        const next = await nextCamera(former);
        if (!next) return false;
        choose('camera', next);
        former?.stop(); // phones open one camera at a time
        this.cameraOn.value = true;
        await this.take('camera', openCamera);
        this.media.mute('camera', false);
        return true;
    }

    /** What was chosen anew in the middle of a call. */
    async reopen(key: 'microphone' | 'camera'): Promise<void> {
        this.track(key)?.stop();
        await this.take(key, key === 'camera' ? openCamera : openMicrophone);
    }

    async share(key: 'examination' | 'stethoscope', device: string): Promise<void> {
        choose(key, device);
        await this.take(key, () => (key === 'examination' ? openExamination(device) : openStethoscope(device)));
    }

    unshare(key: 'examination' | 'stethoscope'): void {
        this.track(key)?.stop();
        this.media.stop(key);
        const { [key]: gone, ...rest } = this.trouble.value;
        this.trouble.value = rest;
    }

    /** Of the examination camera where one runs, else of the own. */
    async still(): Promise<Blob> {
        const running = this.track('examination') ?? (this.cameraOn.value ? this.track('camera') : undefined);
        if (running && running.readyState === 'live') return takeStill(running);
        const track = choice.value.examination ? await openExamination(choice.value.examination) : await openCamera();
        try {
            return await takeStill(track);
        } finally {
            track.stop();
        }
    }

    /** The call goes on for the others, and one may come back. */
    async leave(): Promise<void> {
        this.close();
        await server.call('consultation.leave', { id: this.id });
    }

    close(): void {
        if (this.left) return;
        this.left = true;
        this.undo.splice(0).forEach((f) => f());
        for (const own of this.media.own.value) own.track.stop();
        this.media.close();
        callPace.value = null;
    }

    private async take(key: OwnKey, open: () => Promise<MediaStreamTrack>): Promise<void> {
        try {
            const track = await open();
            if (this.left) return track.stop();
            const { [key]: gone, ...rest } = this.trouble.value;
            this.trouble.value = rest;
            track.addEventListener('ended', () => { if (this.track(key) === track) this.trouble.value = { ...this.trouble.value, [key]: 'missing' }; });
            const former = this.track(key);
            await this.media.send(key, track, key === 'microphone' && this.muted.value);
            if (former && former !== track) former.stop();
        } catch (error) {
            this.trouble.value = { ...this.trouble.value, [key]: problemOf(error) };
        }
    }
}
