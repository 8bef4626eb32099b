// SPDX-License-Identifier: Apache-2.0
// A photo by the camera of a computer: live picture, choice of camera, take, take again, use. A phone has its own, which
// its browser opens for a file input; refuses to know what becomes of the photo.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { devicesOf, openExamination, problemOf, takeStill, type Device } from '../call/capture';
import { common } from '../text/common';
import { Button, Dialog, Field } from '../ui/ui';
import { words } from './formtext';

/** The browser opens the camera for a file input by itself: phones and tablets. */
export const opensCamera = (): boolean => 'capture' in HTMLInputElement.prototype;

export async function hasCamera(): Promise<boolean> {
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
    return (all ?? []).some((d) => d.kind === 'videoinput');
}

function Live({ track }: { track: MediaStreamTrack }): JSX.Element {
    const video = useRef<HTMLVideoElement>(null);
    useEffect(() => { video.current!.srcObject = new MediaStream([track]); }, [track]);
    return <video ref={video} class="village-photo" autoPlay muted playsInline aria-label={words('cameraLive')} />;
}

function Taken({ photo }: { photo: Blob }): JSX.Element {
    const [address, setAddress] = useState('');
    useEffect(() => {
        const made = URL.createObjectURL(photo);
        setAddress(made);
        return () => URL.revokeObjectURL(made);
    }, [photo]);
    return <img class="village-photo" src={address || undefined} alt={words('cameraTaken')} />;
}

interface Shooting { track: MediaStreamTrack | null; problem: string; cameras: Device[] }
const DARK: Shooting = { track: null, problem: '', cameras: [] };

/** The lamp is on only while the dialog is open and no photo is looked at. */
function useCamera(id: string, on: boolean): Shooting {
    const [state, setState] = useState(DARK);
    useEffect(() => {
        if (!on) return;
        let live = true;
        let mine: MediaStreamTrack | null = null;
        openExamination(id).then(async (track) => {
            mine = track;
            if (!live) return track.stop();
            const cameras = await devicesOf('videoinput'); // named only now that one is allowed
            if (live) setState({ track, problem: '', cameras });
        }, (error) => live && setState((s) => ({ ...s, track: null, problem: words(`camera.${problemOf(error)}`) })));
        return () => { live = false; mine?.stop(); setState((s) => ({ ...s, track: null })); };
    }, [id, on]);
    return state;
}

interface Props { open: boolean; onClose(): void; onUse(photo: Blob): void; onFile(): void }

function Shoot({ onClose, onUse, onFile }: Omit<Props, 'open'>): JSX.Element {
    const [id, setId] = useState('');
    const [photo, setPhoto] = useState<Blob | null>(null);
    const { track, problem, cameras } = useCamera(id, photo === null);
    if (photo) return <><Taken photo={photo} /><div class="buttons"><Button look="primary" onClick={() => onUse(photo)}>{words('cameraUse')}</Button><Button onClick={() => setPhoto(null)}>{words('cameraAgain')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div></>;
    return <>
        {cameras.length > 1 && <Field label={words('cameraWhich')}><select value={id || track?.getSettings().deviceId} onChange={(e) => setId(e.currentTarget.value)}>{cameras.map((c) => <option key={c.id} value={c.id}>{c.label}</option>)}</select></Field>}
        {problem ? <p class="note bad" role="alert">{problem}</p> : track ? <Live track={track} /> : <div class="village-photo" role="status">{common('loading')}</div>}
        <div class="buttons"><Button look="primary" disabled={!track} onClick={async () => setPhoto(await takeStill(track!))}>{words('cameraTake')}</Button><Button onClick={onFile}>{words('files')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </>;
}

export function PhotoDialog({ open, ...rest }: Props): JSX.Element {
    return <Dialog open={open} title={words('camera')} onClose={rest.onClose}><Shoot {...rest} /></Dialog>;
}
