// SPDX-License-Identifier: Apache-2.0
// The ring, made by WebAudio: no file, so it rings with a network that is down too. Browsers allow sound after the first
// touch of the page; `blocked` says that it is not allowed yet.
import { signal } from '@preact/signals';

/** Two tones, s: [from, until, Hz]. An emergency is faster, higher and never pauses long. */
const PATTERNS = {
    calm: { every: 4, tones: [[0, 0.45, 660], [0.5, 0.95, 523]] },
    emergency: { every: 1.6, tones: [[0, 0.22, 880], [0.28, 0.5, 1109], [0.56, 0.78, 880]] },
} as const;
export type Pattern = keyof typeof PATTERNS;

const LOUDNESS = 0.25;
export const blocked = signal(false);

let context: AudioContext | null = null;
let timer: ReturnType<typeof setInterval> | null = null;

function tone(at: number, until: number, hz: number): void {
    const gain = context!.createGain();
    const source = context!.createOscillator();
    source.type = 'triangle';
    source.frequency.value = hz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.03); // no click
    gain.gain.setValueAtTime(LOUDNESS, until - 0.06);
    gain.gain.linearRampToValueAtTime(0, until);
    source.connect(gain).connect(context!.destination);
    source.start(at);
    source.stop(until);
}

function once(pattern: Pattern): void {
    blocked.value = context?.state !== 'running';
    if (!context || context.state !== 'running') return;
    const now = context.currentTime + 0.05;
    for (const [from, until, hz] of PATTERNS[pattern].tones) tone(now + from, now + until, hz);
}

/** From a touch or key: the browser then lets it sound later too. */
export async function allowSound(): Promise<void> {
    context ??= new AudioContext();
    if (context.state !== 'running') await context.resume().catch(() => undefined);
    blocked.value = context.state !== 'running';
}

export function startRing(pattern: Pattern): void {
    stopRing();
    context ??= new AudioContext();
    void context.resume().catch(() => undefined).then(() => once(pattern));
    timer = setInterval(() => once(pattern), PATTERNS[pattern].every * 1000);
}

export function stopRing(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
}

/** Once: the test of the ring, and a new reading. */
export async function chime(): Promise<void> {
    await allowSound();
    once('calm');
}

for (const event of ['pointerdown', 'keydown'] as const)
    addEventListener(event, () => void (context && context.state !== 'running' ? allowSound() : undefined), { capture: true, passive: true });
