// SPDX-License-Identifier: Apache-2.0
// Loudness of a microphone and a test tone for the loudspeaker.

export interface Meter { level(): number; close(): void } // 0..1

/** Root mean square of the last moments on a scale that shows quiet speech at a third. */
export function meterOf(track: MediaStreamTrack): Meter {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    void context.resume().catch(() => undefined); // not before a touch: the meter stays still until then
    const samples = new Float32Array(analyser.fftSize);
    return {
        level: () => {
            analyser.getFloatTimeDomainData(samples);
            const rms = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
            const dB = 20 * Math.log10(rms + 1e-6);
            return Math.min(1, Math.max(0, (dB + 60) / 60));
        },
        close: () => void context.close(),
    };
}

const NOTES_HZ = [523, 659]; // c2, e2: heard by older ears too
const NOTE_S = 0.6;

/** Two notes out of the chosen loudspeaker. */
export async function playTone(speaker: string | undefined): Promise<void> {
    const context = new AudioContext();
    const out = context.createMediaStreamDestination();
    const gain = context.createGain();
    gain.gain.value = 0.25;
    gain.connect(out);
    const audio = new Audio() as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };
    audio.srcObject = out.stream;
    if (speaker) await audio.setSinkId?.(speaker).catch(() => undefined);
    await audio.play();
    NOTES_HZ.forEach((hz, i) => {
        const note = context.createOscillator();
        note.frequency.value = hz;
        note.connect(gain);
        note.start(context.currentTime + i * NOTE_S);
        note.stop(context.currentTime + (i + 1) * NOTE_S - 0.05);
    });
    await new Promise((resolve) => setTimeout(resolve, NOTES_HZ.length * NOTE_S * 1000 + 200));
    audio.srcObject = null;
    await context.close();
}
