// SPDX-License-Identifier: Apache-2.0
// A recording: its wave, play and pause, speed, a part to loop, and for a stethoscope a low-pass that is named while it
// is on. The file is never changed.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../ui/ui';
import { loadBytes } from '../fetch';
import type { ViewerProps } from '../model';
import { words } from '../text';
import { Progress, Trouble } from '../trouble';
import { Unshowable } from '../unshowable';
import { peaks, placeOf, secondsOf, type Part } from './wave';

const LONGEST_MS = 45 * 60_000; // decoded, this is half a gigabyte
const SPEEDS = [0.5, 0.75, 1, 1.5, 2];
const STEP_S = 0.25;
const LEAST_PART_S = 0.1;
type Filter = 'none' | 'heart' | 'lung';
const LOW_PASS: Record<Filter, number | null> = { none: null, heart: 150, lung: 800 };

/** Web Audio behind one material: closed with it. */
class Player {
    private readonly context = new AudioContext();
    private source: AudioBufferSourceNode | null = null;
    private began = 0; // of the context's clock
    private offset = 0; // s, where it began
    private loop: Part | null = null;
    private speed = 1;
    private filter: Filter = 'none';
    private generation = 0;

    constructor(private readonly ended: () => void) {}

    async decode(bytes: Uint8Array): Promise<AudioBuffer> {
        try {
            return await this.context.decodeAudioData(bytes.slice().buffer);
        } catch {
            throw new Unshowable('damaged');
        }
    }

    place(duration: number): number {
        return this.source ? placeOf(this.offset, (this.context.currentTime - this.began) * this.speed, duration, this.loop) : this.offset;
    }

    play(buffer: AudioBuffer, at: number, how: { speed: number; loop: Part | null; filter: Filter }): void {
        this.stop(buffer.duration);
        Object.assign(this, how);
        const source = this.context.createBufferSource();
        source.buffer = buffer;
        source.playbackRate.value = how.speed;
        if (how.loop) Object.assign(source, { loop: true, loopStart: how.loop.from, loopEnd: how.loop.to });
        source.connect(this.chain());
        this.offset = how.loop && (at < how.loop.from || at >= how.loop.to) ? how.loop.from : at >= buffer.duration - 0.01 ? 0 : at;
        const own = ++this.generation;
        source.onended = () => { if (own === this.generation) { this.stop(buffer.duration); this.ended(); } };
        void this.context.resume();
        this.began = this.context.currentTime;
        source.start(0, this.offset);
        this.source = source;
    }

    /** Two sections in a row: 24 dB an octave. */
    private chain(): AudioNode {
        const hz = LOW_PASS[this.filter];
        if (hz === null) return this.context.destination;
        const [first, second] = [0.54, 1.31].map((q) => new BiquadFilterNode(this.context, { type: 'lowpass', frequency: hz, Q: 20 * Math.log10(q) })) as [BiquadFilterNode, BiquadFilterNode];
        first.connect(second).connect(this.context.destination);
        return first;
    }

    stop(duration: number): void {
        this.offset = this.place(duration);
        this.generation++;
        this.source?.stop();
        this.source?.disconnect();
        this.source = null;
    }

    seek(at: number): void {
        this.offset = at;
    }

    close(): void {
        this.generation++;
        void this.context.close();
    }
}

function refuseLong(ms: number): void {
    if (ms > LONGEST_MS) throw new Unshowable('too_large', `${Math.round(ms / 60_000)} min`);
}

export function AudioView({ material }: ViewerProps): JSX.Element {
    const [state, setState] = useState<{ buffer: AudioBuffer | null; error: unknown; loaded: number; total: number }>({ buffer: null, error: null, loaded: 0, total: material.bytes ?? 0 });
    const [turn, setTurn] = useState(0);
    const [playing, setPlaying] = useState(false);
    const player = useRef<Player | null>(null);
    useEffect(() => {
        const own = new Player(() => setPlaying(false));
        player.current = own;
        const stop = new AbortController();
        const load = async (): Promise<void> => {
            refuseLong(material.details?.durationMs ?? 0);
            const bytes = await loadBytes(material.id, { signal: stop.signal, onProgress: (loaded, total) => setState((s) => ({ ...s, loaded, total })) });
            refuseLong(secondsOf(bytes) * 1000);
            const buffer = await own.decode(bytes);
            setState((s) => ({ ...s, buffer, error: null }));
        };
        load().catch((error) => { if (!stop.signal.aborted) setState((s) => ({ ...s, error })); });
        return () => { stop.abort(); own.close(); };
    }, [material.id, turn]);
    if (state.error) return <Trouble error={state.error} onRetry={() => setTurn((n) => n + 1)} />;
    if (!state.buffer) return <Progress loaded={state.loaded} total={state.total} />;
    return <Opened buffer={state.buffer} player={player.current!} playing={playing} setPlaying={setPlaying} />;
}

function Opened({ buffer, player, playing, setPlaying }: { buffer: AudioBuffer; player: Player; playing: boolean; setPlaying(p: boolean): void }): JSX.Element {
    const [at, setAt] = useState(0);
    const [speed, setSpeed] = useState(1);
    const [filter, setFilter] = useState<Filter>('none');
    const [part, setPart] = useState<Part | null>(null);
    const { duration } = buffer;
    const start = (from: number, how: Partial<{ speed: number; filter: Filter; loop: Part | null }> = {}): void => { player.play(buffer, from, { speed, filter, loop: part, ...how }); setPlaying(true); };
    const again = (how: Parameters<typeof start>[1]): void => { if (playing) start(player.place(duration), how); };
    const toggle = (): void => { if (playing) { player.stop(duration); setPlaying(false); } else start(at); };
    const seek = (to: number): void => { const s = Math.min(duration, Math.max(0, to)); player.seek(s); setAt(s); if (playing) start(s); };
    useEffect(() => {
        if (!playing) return undefined;
        let frame = 0;
        const step = (): void => { setAt(player.place(duration)); frame = requestAnimationFrame(step); };
        frame = requestAnimationFrame(step);
        return () => cancelAnimationFrame(frame);
    }, [playing, player, duration]);
    const name = words(`audio.${filter}`);
    return <div class="viewers-audio">
        <div class="viewers-bar">
            <Button look="primary" onClick={toggle}>{words(playing ? 'pause' : 'play')}</Button>
            <span class="viewers-scale" role="timer">{words('audio.at', { at: at.toFixed(1), of: duration.toFixed(1) })}</span>
            <label class="viewers-slider">{words('audio.speed')}<select value={String(speed)} onChange={(e) => { const v = Number(e.currentTarget.value); setSpeed(v); again({ speed: v }); }}>{SPEEDS.map((s) => <option key={s} value={String(s)}>{s} ×</option>)}</select></label>
            <label class="viewers-slider">{words('audio.filter')}<select value={filter} onChange={(e) => { const v = e.currentTarget.value as Filter; setFilter(v); again({ filter: v }); }}>{(Object.keys(LOW_PASS) as Filter[]).map((f) => <option key={f} value={f}>{words(`audio.${f}`)}</option>)}</select></label>
            {part && <><span class="tag">{words('audio.part', { from: part.from.toFixed(1), to: part.to.toFixed(1) })}</span><Button onClick={() => { setPart(null); again({ loop: null }); }}>{words('audio.clearLoop')}</Button></>}
        </div>
        {filter !== 'none' && <p class="note warn" role="status">{words('audio.filtered', { name })}</p>}
        <Wave buffer={buffer} at={at} part={part} onSeek={seek} onToggle={toggle} onPart={(p) => { setPart(p); again({ loop: p }); if (!playing) seek(p.from); }} />
        {speed !== 1 && <p class="muted">{words('audio.pitch')}</p>}
    </div>;
}

interface WaveProps { buffer: AudioBuffer; at: number; part: Part | null; onSeek(s: number): void; onPart(p: Part): void; onToggle(): void }

function Wave({ buffer, at, part, onSeek, onPart, onToggle }: WaveProps): JSX.Element {
    const box = useRef<HTMLDivElement>(null);
    const canvas = useRef<HTMLCanvasElement>(null);
    const [wide, setWide] = useState(0);
    const [drag, setDrag] = useState<Part | null>(null);
    useEffect(() => {
        const observer = new ResizeObserver(() => setWide(box.current?.clientWidth ?? 0));
        observer.observe(box.current!);
        return () => observer.disconnect();
    }, []);
    useEffect(() => { if (canvas.current && wide > 0) drawWave(canvas.current, buffer, wide); }, [buffer, wide]);
    const { duration } = buffer;
    const seconds = (e: PointerEvent): number => { const b = box.current!.getBoundingClientRect(); return Math.min(duration, Math.max(0, ((e.clientX - b.left) / b.width) * duration)); };
    const up = (): void => {
        if (!drag) return;
        const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
        if (to - from >= LEAST_PART_S) onPart({ from, to });
        else onSeek(from);
        setDrag(null);
    };
    const key = (e: KeyboardEvent): void => {
        const acts: Record<string, () => void> = { ArrowLeft: () => onSeek(at - STEP_S), ArrowRight: () => onSeek(at + STEP_S), Home: () => onSeek(0), ' ': onToggle };
        if (!acts[e.key]) return;
        e.preventDefault();
        acts[e.key]!();
    };
    const shown = drag ? { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) } : part;
    const percent = (s: number): string => `${(s / duration) * 100}%`;
    return <div ref={box} class="viewers-wave" tabIndex={0} role="slider" aria-label={words('audio.wave', { seconds: duration.toFixed(1) })} aria-valuemin={0} aria-valuemax={duration} aria-valuenow={Math.round(at * 10) / 10} onKeyDown={key}
        onPointerDown={(e) => { box.current!.setPointerCapture(e.pointerId); setDrag({ from: seconds(e), to: seconds(e) }); }} onPointerMove={(e) => drag && setDrag({ ...drag, to: seconds(e) })} onPointerUp={up} onPointerCancel={() => setDrag(null)}>
        <canvas ref={canvas} />
        {shown && <div class="viewers-wave-part" style={{ left: percent(shown.from), width: percent(shown.to - shown.from) }} />}
        <div class="viewers-wave-at" style={{ left: percent(at) }} />
    </div>;
}

const WAVE_HEIGHT = 140;

function drawWave(canvas: HTMLCanvasElement, buffer: AudioBuffer, wide: number): void {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(WAVE_HEIGHT * ratio);
    const { least, most } = peaks(buffer.getChannelData(0), canvas.width);
    const loudest = Math.max(0.02, ...most, ...least.map((v) => -v));
    const c = canvas.getContext('2d')!;
    const middle = canvas.height / 2;
    c.fillStyle = '#0b5a44';
    for (let x = 0; x < canvas.width; x++) {
        const [top, bottom] = [middle - (most[x]! / loudest) * middle * 0.95, middle - (least[x]! / loudest) * middle * 0.95];
        c.fillRect(x, top, 1, Math.max(1, bottom - top));
    }
}
