// SPDX-License-Identifier: Apache-2.0
// Cameras, microphones and loudspeakers of this machine: which were chosen, how they are opened, and full pictures of a
// camera. What an examination sends is left as it is: no echo cancellation, noise suppression or gain control, which
// would take heart and lung sounds for noise. Refuses to know calls.
import { signal } from '@preact/signals';

export type DeviceKind = 'camera' | 'microphone' | 'speaker' | 'examination' | 'stethoscope';
export type Choice = Partial<Record<DeviceKind, string>>; // device ids, which the browser makes up for this site

const CHOSEN = 'shanqiao.devices';

function read(): Choice {
    try {
        return JSON.parse(localStorage.getItem(CHOSEN) ?? '{}') as Choice;
    } catch {
        return {};
    }
}

export const choice = signal<Choice>(read());

export function choose(kind: DeviceKind, id: string): void {
    choice.value = { ...choice.value, [kind]: id };
    localStorage.setItem(CHOSEN, JSON.stringify(choice.value));
}

const SPEECH: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const SOUND: MediaTrackConstraints = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1, sampleRate: 48000 };
const FACE: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const DETAIL: MediaTrackConstraints = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 15, max: 30 } };

/** A chosen device that is not plugged in any more gives way to the usual one. */
async function open(kind: 'audio' | 'video', constraints: MediaTrackConstraints, id: string | undefined): Promise<MediaStreamTrack> {
    const wanted = id ? { ...constraints, deviceId: { exact: id } } : constraints;
    try {
        const stream = await navigator.mediaDevices.getUserMedia({ [kind]: wanted });
        return stream.getTracks()[0]!;
    } catch (error) {
        if (!id || (error as Error).name === 'NotAllowedError') throw error;
        return open(kind, constraints, undefined);
    }
}

export async function openMicrophone(): Promise<MediaStreamTrack> {
    const track = await open('audio', SPEECH, choice.value.microphone);
    track.contentHint = 'speech';
    return track;
}

export async function openCamera(): Promise<MediaStreamTrack> {
    return open('video', FACE, choice.value.camera);
}

export async function openExamination(id: string): Promise<MediaStreamTrack> {
    const track = await open('video', DETAIL, id);
    track.contentHint = 'detail';
    return track;
}

export async function openStethoscope(id: string): Promise<MediaStreamTrack> {
    const track = await open('audio', SOUND, id);
    track.contentHint = 'music'; // speech processing of the encoder stays out of it
    return track;
}

export interface Device { id: string; label: string }

/** Labels are empty until the person allowed one of the kind. */
export async function devicesOf(kind: 'audioinput' | 'videoinput' | 'audiooutput'): Promise<Device[]> {
    if (!navigator.mediaDevices) return [];
    const all = await navigator.mediaDevices.enumerateDevices();
    return all.filter((d) => d.kind === kind && d.deviceId).map((d) => ({ id: d.deviceId, label: d.label }));
}

/** The next camera after the one in use: front and back of a phone, or what is plugged in. */
export async function nextCamera(track: MediaStreamTrack | undefined): Promise<string | null> {
    const cameras = await devicesOf('videoinput');
    if (cameras.length < 2) return null;
    const at = cameras.findIndex((d) => d.id === track?.getSettings().deviceId);
    return cameras[(at + 1) % cameras.length]!.id;
}

/** Has the person allowed camera and microphone before? Then nothing is asked while it rings. */
export async function allowed(): Promise<boolean> {
    try {
        const states = await Promise.all(['camera', 'microphone'].map((name) => navigator.permissions.query({ name: name as PermissionName })));
        return states.every((s) => s.state === 'granted');
    } catch {
        return false; // a browser that does not tell
    }
}

export type CaptureProblem = 'refused' | 'missing' | 'busy' | 'other';

export function problemOf(error: unknown): CaptureProblem {
    const name = error instanceof Error ? error.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
    if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
    return name === 'NotReadableError' || name === 'AbortError' ? 'busy' : 'other';
}

// ---- still pictures ----

interface Taker { takePhoto(): Promise<Blob> }
declare const ImageCapture: undefined | (new (track: MediaStreamTrack) => Taker);
const PHOTO_MS = 4000; // some drivers never answer
const JPEG_QUALITY = 0.95;

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
    return Promise.race([promise, new Promise<T>((_, reject) => setTimeout(() => reject(new Error('too slow')), ms))]);
}

/** The frame that is seen now, at the size in which it is captured. */
async function frameOf(track: MediaStreamTrack): Promise<Blob> {
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.srcObject = new MediaStream([track]);
    await video.play();
    if (!video.videoWidth) await new Promise((resolve) => video.addEventListener('loadeddata', resolve, { once: true }));
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d')!.drawImage(video, 0, 0);
    video.srcObject = null;
    return jpegOf(canvas);
}

function jpegOf(canvas: HTMLCanvasElement): Promise<Blob> {
    return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', JPEG_QUALITY));
}

/** Some browsers give their photos as PNG: of a real scene many times as long, for nothing that is seen. */
async function asJpeg(photo: Blob): Promise<Blob> {
    const picture = await createImageBitmap(photo);
    const canvas = document.createElement('canvas');
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext('2d')!.drawImage(picture, 0, 0);
    picture.close();
    return jpegOf(canvas);
}

/** A still of the sensor's full resolution where the browser can take one, else of the running picture. */
export async function takeStill(track: MediaStreamTrack): Promise<Blob> {
    if (typeof ImageCapture !== 'undefined') {
        try {
            const photo = await within(new ImageCapture(track).takePhoto(), PHOTO_MS);
            return photo.type === 'image/jpeg' ? photo : await asJpeg(photo);
        } catch {
            // the running picture then
        }
    }
    return frameOf(track);
}
