// SPDX-License-Identifier: Apache-2.0
// Choice of camera, microphone, loudspeaker and examination devices, used by the check and by the running call.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { common } from '../text/common';
import { Button, Choices, Dialog, Field } from '../ui/ui';
import type { Wish } from './band';
import { choice, choose, devicesOf, type Device } from './capture';
import type { Seat } from './seat';
import { words } from './text';

const KIND = { camera: 'videoinput', microphone: 'audioinput', speaker: 'audiooutput' } as const;

/** Devices of a kind, kept up to date while they are plugged in and out. */
export function useDevices(kind: 'audioinput' | 'videoinput' | 'audiooutput'): Device[] {
    const [devices, setDevices] = useState<Device[]>([]);
    useEffect(() => {
        let live = true;
        const look = (): void => void devicesOf(kind).then((found) => live && setDevices(found));
        look();
        navigator.mediaDevices?.addEventListener('devicechange', look);
        const again = setInterval(look, 5000); // labels come with the permission, which tells nobody
        return () => { live = false; clearInterval(again); navigator.mediaDevices?.removeEventListener('devicechange', look); };
    }, [kind]);
    return devices;
}

export function DeviceChoice({ kind, onChange }: { kind: 'camera' | 'microphone' | 'speaker'; onChange?: () => void }): JSX.Element | null {
    const devices = useDevices(KIND[kind]);
    if (devices.length < 2) return null;
    return <Field label={words(kind)}><select value={choice.value[kind] ?? ''} onChange={(e) => { choose(kind, e.currentTarget.value); onChange?.(); }}>
        <option value="">{words('defaultDevice')}</option>
        {devices.map((d, i) => <option key={d.id} value={d.id}>{d.label || `${words('device')} ${i + 1}`}</option>)}
    </select></Field>;
}

export function DevicesDialog({ seat, open, onClose }: { seat: Seat; open: boolean; onClose(): void }): JSX.Element {
    const wishes: [Wish, string][] = [['auto', words('wish.auto')], ['picture', words('wish.picture')], ['voice', words('wish.voice')]];
    return <Dialog open={open} title={words('devices')} onClose={onClose}>
        <div class="call-devices"><DeviceChoice kind="camera" onChange={() => { if (seat.cameraOn.value) void seat.reopen('camera'); }} />
        <DeviceChoice kind="microphone" onChange={() => void seat.reopen('microphone')} />
        <DeviceChoice kind="speaker" /></div>
        <Choices label={words('wish')} value={seat.watch.wish.value} options={wishes} onChange={(w) => seat.watch.choose(w)} />
        <p class="muted">{words('wishWhy')}</p>
        <div class="buttons"><Button look="primary" onClick={onClose}>{common('ok')}</Button></div>
    </Dialog>;
}

export function ShareDialog({ seat, open, onClose }: { seat: Seat; open: boolean; onClose(): void }): JSX.Element {
    const cameras = useDevices('videoinput'), sounds = useDevices('audioinput');
    const [camera, setCamera] = useState(choice.value.examination ?? '');
    const [sound, setSound] = useState('');
    const start = async (): Promise<void> => {
        if (camera) await seat.share('examination', camera);
        if (sound) await seat.share('stethoscope', sound);
        onClose();
    };
    const select = (label: string, all: Device[], value: string, set: (id: string) => void): JSX.Element => <Field label={label}><select value={value} onChange={(e) => set(e.currentTarget.value)}>
        <option value="">{words('notShared')}</option>{all.map((d, i) => <option key={d.id} value={d.id}>{d.label || `${words('device')} ${i + 1}`}</option>)}</select></Field>;
    return <Dialog open={open} title={words('shareTitle')} onClose={onClose}>
        <p>{words('shareWhy')}</p>
        {select(words('examCamera'), cameras, cameras.some((d) => d.id === camera) ? camera : '', setCamera)}
        {select(words('stethoscope'), sounds, sound, setSound)}
        <div class="buttons"><Button look="primary" disabled={!camera && !sound} onClick={start}>{words('start')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </Dialog>;
}
