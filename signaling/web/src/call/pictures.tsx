// SPDX-License-Identifier: Apache-2.0
// Tracks on the screen and in the loudspeaker. A page that was reloaded may be kept from sounding until it is touched:
// then it says so, and the first touch anywhere is enough.
import type { JSX } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../ui/ui';
import { choice } from './capture';
import type { Remote } from './media';
import { words } from './text';

const blocked = signal(false);

export function Picture({ track, label, mirror, onSize }: { track: MediaStreamTrack; label: string; mirror?: boolean; onSize?: (width: number) => void }): JSX.Element {
    const ref = useRef<HTMLVideoElement>(null);
    useEffect(() => {
        const video = ref.current!;
        video.srcObject = new MediaStream([track]);
        void video.play().catch(() => undefined); // muted, so it may; a track that was replaced meanwhile is no matter
        return () => void (video.srcObject = null);
    }, [track]);
    useEffect(() => {
        if (!onSize) return;
        const observer = new ResizeObserver(([entry]) => onSize(entry!.contentRect.width * devicePixelRatio));
        observer.observe(ref.current!);
        return () => observer.disconnect();
    }, [onSize]);
    return <video ref={ref} class={`call-video ${mirror ? 'call-mirror' : ''}`} autoplay playsInline muted aria-label={label} onLoadedData={() => performance.mark('call.picture')} />;
}

function Sound({ track }: { track: MediaStreamTrack }): JSX.Element {
    const ref = useRef<HTMLAudioElement>(null);
    const speaker = choice.value.speaker ?? '';
    useEffect(() => {
        const audio = ref.current!;
        audio.srcObject = new MediaStream([track]);
        const play = (): void => { audio.play().then(() => (blocked.value = false), (error: Error) => { if (error.name === 'NotAllowedError') blocked.value = true; }); };
        play();
        for (const event of ['pointerdown', 'keydown']) addEventListener(event, play, { passive: true });
        return () => {
            for (const event of ['pointerdown', 'keydown']) removeEventListener(event, play);
            audio.srcObject = null;
        };
    }, [track]);
    useEffect(() => {
        const audio = ref.current as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };
        if (speaker || audio.setSinkId) void audio.setSinkId?.(speaker).catch(() => undefined); // unplugged: the usual one
    }, [speaker]);
    return <audio ref={ref} autoplay />;
}

export function Sounds({ remotes }: { remotes: Remote[] }): JSX.Element {
    return <>{remotes.filter((r) => r.kind === 'audio').map((r) => <Sound key={r.consumerId} track={r.track} />)}</>;
}

/** Any touch turns sound on; said where the page has room for it. */
export function SoundBlocked(): JSX.Element | null {
    return blocked.value ? <div class="note warn" role="alert">{words('soundBlocked')} <Button look="primary">{words('soundOn')}</Button></div> : null;
}
