// SPDX-License-Identifier: Apache-2.0
// A voice note instead of typing: recorded by the browser, kept as Ogg Opus (or WAV where it can't), heard again before
// it is sent. Each second of it is sealed as it is said: a reload in the middle loses none but the last.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { keep } from '../app/session';
import { keepFile, readFile } from '../outbox/files';
import { Button, toast } from '../ui/ui';
import { words } from './formtext';
import { Icon } from './icons';
import { oggOfWebm } from './oggopus';
import type { Attached } from './request';

const MINUTES_MAX = 5;
const SPEECH_BPS = 24_000;
const TYPES = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4'];
const WAV_HZ = 16_000;

function wav(samples: Float32Array): Blob {
    const bytes = new DataView(new ArrayBuffer(44 + samples.length * 2));
    const text = (at: number, s: string): void => [...s].forEach((c, i) => bytes.setUint8(at + i, c.charCodeAt(0)));
    text(0, 'RIFF'); bytes.setUint32(4, 36 + samples.length * 2, true); text(8, 'WAVEfmt '); bytes.setUint32(16, 16, true);
    bytes.setUint16(20, 1, true); bytes.setUint16(22, 1, true); bytes.setUint32(24, WAV_HZ, true); bytes.setUint32(28, WAV_HZ * 2, true);
    bytes.setUint16(32, 2, true); bytes.setUint16(34, 16, true); text(36, 'data'); bytes.setUint32(40, samples.length * 2, true);
    samples.forEach((s, i) => bytes.setInt16(44 + i * 2, Math.max(-1, Math.min(1, s)) * 32767, true));
    return new Blob([bytes.buffer], { type: 'audio/wav' });
}

async function asWav(recorded: Blob): Promise<Blob> {
    const context = new OfflineAudioContext(1, 1, WAV_HZ);
    const sound = await context.decodeAudioData(await recorded.arrayBuffer());
    const resampled = new OfflineAudioContext(1, Math.ceil(sound.duration * WAV_HZ), WAV_HZ);
    const source = resampled.createBufferSource();
    source.buffer = sound;
    source.connect(resampled.destination);
    source.start();
    return wav((await resampled.startRendering()).getChannelData(0));
}

/** What the server takes: Ogg Opus or WAV. */
export async function soundOf(recorded: Blob): Promise<{ sound: Blob; ending: string }> {
    if (recorded.type.startsWith('audio/ogg')) return { sound: recorded, ending: 'ogg' };
    if (recorded.type.startsWith('audio/webm')) return { sound: new Blob([oggOfWebm(new Uint8Array(await recorded.arrayBuffer()))], { type: 'audio/ogg' }), ending: 'ogg' };
    return { sound: await asWav(recorded), ending: 'wav' };
}

const clockText = (s: number): string => `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;

/** Slots that are being recorded or put away: nothing to recover there. */
const busy = new Set<string>();

/** `slot`: what it is for; what was being said there before a reload becomes a note of its own. */
export function VoiceNote({ slot, onDone }: { slot: string; onDone(note: Attached): Promise<void> | void }): JSX.Element {
    const [seconds, setSeconds] = useState<number | null>(null); // null: not recording
    const recorder = useRef<MediaRecorder | null>(null);
    const finish = async (parts: Blob[], type: string): Promise<void> => {
        setSeconds(null);
        try {
            const { sound, ending } = await soundOf(new Blob(parts, { type }));
            const file = await keepFile(keep.value!, sound, `${words('voiceName')}.${ending}`, 'audio');
            await onDone({ file, what: 'audio' });
        } finally {
            for (const name of await keep.value!.names(`voice/${slot}/`)) await keep.value!.delete(name);
            busy.delete(slot);
        }
    };
    const recover = async (): Promise<void> => {
        if (busy.has(slot)) return;
        const parts: Blob[] = [];
        for (const name of await keep.value!.names(`voice/${slot}/`)) {
            const part = await keep.value!.get<Blob>(name);
            if (part) parts.push(part);
        }
        if (parts.length && !busy.has(slot)) await finish(parts, parts[0]!.type);
    };
    useEffect(() => {
        recover().catch((error: Error) => toast(error.message, 'bad'));
        return () => recorder.current?.stop(); // leaving the screen ends it, and keeps it
    }, [slot]);
    const start = async (): Promise<void> => {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: { noiseSuppression: true, echoCancellation: false } })
            .catch((e: Error) => { throw new Error(words('noMicrophone', { why: e.name })); });
        const type = TYPES.find((t) => MediaRecorder.isTypeSupported(t)) ?? '';
        const rec = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: SPEECH_BPS });
        const parts: Blob[] = [];
        const begun = Date.now();
        const timer = setInterval(() => {
            const past = Math.floor((Date.now() - begun) / 1000);
            setSeconds(past);
            if (past >= MINUTES_MAX * 60 && rec.state === 'recording') { rec.stop(); toast(words('voiceLong', { n: MINUTES_MAX }), 'warn'); }
        }, 250);
        let written = Promise.resolve();
        rec.ondataavailable = (e) => {
            const name = `voice/${slot}/${String(parts.length).padStart(5, '0')}`;
            parts.push(e.data);
            written = written.then(() => keep.value?.put(name, new Blob([e.data], { type: rec.mimeType || type })));
        };
        rec.onstop = () => {
            clearInterval(timer);
            stream.getTracks().forEach((t) => t.stop());
            recorder.current = null;
            written.then(() => finish(parts, rec.mimeType || type)).catch((error: Error) => toast(error.message, 'bad'));
        };
        recorder.current = rec;
        busy.add(slot);
        rec.start(1000);
        setSeconds(0);
    };
    return <div class="village-voice">
        {seconds === null ? <Button look="huge" onClick={start}><Icon name="voice" /> {words('voice')}</Button>
            : <Button look="danger huge" pressed onClick={() => recorder.current?.stop()}><Icon name="stop" /> {words('stop')} · {words('recording', { time: clockText(seconds) })}</Button>}
        <p class="muted">{words('voiceHint')}</p>
    </div>;
}

/** Hears a kept note again. */
export function PlayNote({ note }: { note: Attached }): JSX.Element {
    const [address, setAddress] = useState('');
    useEffect(() => {
        let made = '';
        void readFile(keep.value!, note.file).then((blob) => setAddress((made = URL.createObjectURL(blob.slice(0, blob.size, note.file.name.endsWith('wav') ? 'audio/wav' : 'audio/ogg')))));
        return () => { if (made) URL.revokeObjectURL(made); };
    }, [note.file.id]);
    return <audio controls src={address || undefined} aria-label={words('voiceName')} />;
}
