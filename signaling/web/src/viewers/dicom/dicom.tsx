// SPDX-License-Identifier: Apache-2.0
// The DICOM viewer: window, zoom, measure, probe, frames, marks, and a light that says how good what is seen is.
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Button } from '../../ui/ui';
import { loadBytes } from '../fetch';
import { MarkButtons, Overlay, useMarkTool, type MarkTool } from '../marks/overlay';
import { useMarks } from '../marks/session';
import { previewOf, titleOf, type Material, type ViewerProps } from '../model';
import { unpackPicture } from '../photo/size';
import type { Size } from '../placement';
import { Stage, StageButtons, usePlacement, type StageState, type Tool } from '../stage';
import { words } from '../text';
import { useSharedFrame } from '../together';
import { Light, Progress, Trouble, type Level } from '../trouble';
import type { Values } from './engine';
import type { ImageInfo } from './info';
import { firstLook, presetsOf } from './presets';
import { useDicom, type DicomSession, type Look } from './session';

type Mode = 'move' | 'window' | 'probe' | MarkTool;

const UNSQUARE = 0.01; // less is not seen
const CINE_MS = 100; // where the file does not say

/** Drag: sideways the width, up and down the centre; the whole stage is about the whole range. */
function windowTool(set: (next: (l: Look) => Look) => void, values: Values): Tool {
    const step = Math.max((values.most - values.least) / 800, 0.05);
    return { cursor: 'ns-resize', down: () => undefined, up: () => undefined, move: (_, dx, dy) => set((l) => ({ ...l, lut: null, width: Math.max(1, l.width + dx * step), centre: l.centre + dy * step })) };
}

function levelOf(d: DicomSession, preview: boolean): Level {
    if (d.short) return 'short';
    if (d.quality === 'full' && d.info?.unapplied.length) return 'unapplied';
    return d.quality ?? (preview ? 'preview' : 'waiting');
}

function extraOf(info: ImageInfo | null, stage: StageState): string | undefined {
    const unsquare = info && Math.abs(info.aspect - 1) > UNSQUARE;
    const parts = [info?.lossy && words('light.lossy'), unsquare && words('light.unsquare', { ratio: Math.round(info.aspect * 100) / 100 }), info?.windowsDiffer && words('light.windows'), info && stage.placement.scale * (window.devicePixelRatio || 1) < 0.995 && words('light.small', { percent: Math.round(stage.placement.scale * 100) })].filter(Boolean);
    return parts.length ? parts.join(' · ') : undefined;
}

export function DicomView({ material, all, room }: ViewerProps): JSX.Element {
    const d = useDicom(material.id);
    const size: Size | null = useMemo(() => sizeOf(d.info, material), [d.info, material.id]);
    const placing = usePlacement(size);
    const [look, setLook] = useState<Look | null>(null);
    const [mode, setMode] = useState<Mode>('window');
    const [probed, setProbed] = useState<string | null>(null);
    const session = useMarks(material, room);
    const frame = look?.frame ?? 0;
    const marking = useMarkTool(session, mode === 'move' || mode === 'window' || mode === 'probe' ? null : mode, frame, placing.placement.scale);
    const stage = useRef<StageState>({ placement: placing.placement, size: placing.size, moving: false });
    const preview = usePreview(previewOf(material, all), d.quality === null);

    useOpeningLook(d, look, setLook);
    useSharedFrame(room, material.id, frame, (n) => setPart((l) => ({ ...l, frame: Math.min((d.info?.frames ?? 1) - 1, Math.max(0, n)) })));
    const draw = (): void => { if (look) d.draw(look, stage.current); };
    useEffect(draw, [look, d.info]);
    const setPart = (next: (l: Look) => Look): void => setLook((l) => l && next(l));
    const values = d.suggested ?? { centre: 128, width: 256, least: 0, most: 255 };
    const window_ = look && windowTool(setPart, values);
    const probe: Tool = { name: 'probe', keys: true, cursor: 'crosshair', down: (at) => ask(at), move: (at) => ask(at), up: () => undefined, hover: (at) => (at ? ask(at) : setProbed(null)) };
    const ask = ([x, y]: [number, number]): void => d.probe(frame, x, y, (v) => setProbed(v && probeText(v, x, y, d.info!)));
    const tool = mode === 'window' ? window_ : mode === 'probe' ? probe : mode === 'move' ? null : marking.tool;

    if (d.error && d.quality === null) return <><Trouble error={d.error} onRetry={d.again} /><Facts material={material} info={d.info} /></>;
    return <div class="viewers-dicom">
        {(d.error ?? d.frameError) && <Trouble error={d.error ?? d.frameError} onRetry={d.again} />}
        <div class="viewers-bar"><StageButtons control={placing.control} />
            <div class="viewers-tools" role="group" aria-label={words('dicom.tools')}>
                {(['move', 'window', 'probe'] as const).map((m) => <Button key={m} pressed={mode === m} onClick={() => setMode(m)}>{words(`dicom.${m}`)}</Button>)}
                {look && <Button pressed={look.invert} onClick={() => setPart((l) => ({ ...l, invert: !l.invert }))}>{words('dicom.invert')}</Button>}
            </div>
            {look && d.info && <WindowFields look={look} values={values} info={d.info} set={setPart} />}
            <MarkButtons session={session} chosen={mode === 'move' || mode === 'window' || mode === 'probe' ? null : mode} onChoose={(t) => setMode((m) => t ?? (m === 'move' || m === 'probe' ? m : 'window'))} room={room !== undefined} /></div>
        <Stage image={size} label={titleOf(material)} tool={tool} second={window_} placing={placing} onState={(s) => { stage.current = s; draw(); }} onKey={(k) => frameKey(k, d.info, setPart)}>
            <canvas ref={preview.attach} hidden={!preview.shown} class="viewers-preview" />
            <canvas ref={d.attach} />
            <Overlay session={session} draft={marking.draft} frame={frame} placement={placing.placement} size={placing.size} spacing={d.info?.spacing} />
            <div class="viewers-status"><Light level={levelOf(d, preview.shown)} extra={extraOf(d.info, { ...stage.current, placement: placing.placement })} />
                {d.quality !== 'full' && !d.error && !d.short && <Progress loaded={d.loaded} total={d.total || (material.bytes ?? 0)} />}</div>
            {look && <p class="viewers-corner" aria-live="off">{look.lut === null ? `${words('dicom.centre')} ${Math.round(look.centre)}  ${words('dicom.width')} ${Math.round(look.width)}` : words('preset.curve')}{probed && <><br />{probed}</>}</p>}
        </Stage>
        {d.info && look && d.info.frames > 1 && <Frames info={d.info} frame={frame} set={(n) => setPart((l) => ({ ...l, frame: n }))} />}
        {d.info?.spacing?.atDetector && <p class="muted">{words('dicom.atDetector')}</p>}
        {d.info && !d.info.spacing && <p class="muted">{words('dicom.noSpacing')}</p>}
        <Facts material={material} info={d.info} />
        {marking.dialog}
    </div>;
}

function sizeOf(info: ImageInfo | null, material: Material): Size | null {
    if (info) return { width: info.columns, height: info.rows };
    const { rows, columns } = material.details ?? {};
    return rows && columns ? { width: columns, height: rows } : null;
}

/** Opens with the suggested window, and follows a better suggestion until somebody chose. */
function useOpeningLook(d: DicomSession, look: Look | null, set: (l: Look) => void): void {
    const given = useRef<Look | null>(null);
    useEffect(() => {
        if (!d.info || !d.suggested) return;
        const untouched = !look || (given.current && look.centre === given.current.centre && look.width === given.current.width && look.lut === given.current.lut);
        if (!untouched) return;
        given.current = { frame: look?.frame ?? 0, invert: look?.invert ?? false, ...firstLook(d.info, d.suggested) };
        set(given.current);
    }, [d.info, d.suggested]);
}

function probeText(values: number[], x: number, y: number, info: ImageInfo): string {
    const value = values.length === 3 ? `RGB ${values.join(' ')}` : `${Math.round(values[0]! * 100) / 100}${info.unit ? ` ${info.unit}` : ''}`;
    return `(${Math.floor(x)}, ${Math.floor(y)}) ${value}`;
}

function frameKey(key: string, info: ImageInfo | null, set: (next: (l: Look) => Look) => void): boolean {
    const step = ({ PageUp: -1, PageDown: 1, '[': -1, ']': 1 } as Record<string, number>)[key];
    if (key === 'i') set((l) => ({ ...l, invert: !l.invert }));
    if (step && info) set((l) => ({ ...l, frame: Math.min(info.frames - 1, Math.max(0, l.frame + step)) }));
    return step !== undefined || key === 'i';
}

function WindowFields({ look, values, info, set }: { look: Look; values: Values; info: ImageInfo; set(next: (l: Look) => Look): void }): JSX.Element {
    const presets = presetsOf(info, values);
    const chosen = presets.findIndex((p) => p.lut === look.lut && p.centre === look.centre && p.width === look.width);
    return <div class="viewers-tools">
        <label class="viewers-slider">{words('dicom.preset')}<select value={String(chosen)} onChange={(e) => { const p = presets[Number(e.currentTarget.value)]; if (p) set((l) => ({ ...l, lut: p.lut, centre: p.centre, width: p.width })); }}>
            {chosen < 0 && <option value="-1">{words('preset.own')}</option>}
            {presets.map((p, i) => <option key={i} value={String(i)}>{words(`preset.${p.key}`)}{p.name && ` ${p.name}`}</option>)}</select></label>
        <label class="viewers-slider">{words('dicom.centre')}<input type="number" value={Math.round(look.centre)} onChange={(e) => { const v = e.currentTarget.valueAsNumber; if (Number.isFinite(v)) set((l) => ({ ...l, lut: null, centre: v })); }} /></label>
        <label class="viewers-slider">{words('dicom.width')}<input type="number" min="1" value={Math.round(look.width)} onChange={(e) => { const v = e.currentTarget.valueAsNumber; if (v >= 1) set((l) => ({ ...l, lut: null, width: v })); }} /></label>
    </div>;
}

function Frames({ info, frame, set }: { info: ImageInfo; frame: number; set(n: number): void }): JSX.Element {
    const [playing, setPlaying] = useState(false);
    const at = useRef(frame);
    at.current = frame;
    useEffect(() => {
        if (!playing) return undefined;
        const timer = setInterval(() => set((at.current + 1) % info.frames), Math.max(20, info.frameMs || CINE_MS));
        return () => clearInterval(timer);
    }, [playing, info]);
    return <div class="viewers-bar">
        <Button pressed={playing} onClick={() => setPlaying(!playing)}>{words(playing ? 'pause' : 'play')}</Button>
        <label class="viewers-slider wide">{words('dicom.frame', { n: frame + 1, of: info.frames })}<input type="range" min="0" max={info.frames - 1} value={frame} onInput={(e) => set(Number(e.currentTarget.value))} /></label>
    </div>;
}

/** `identity` is in the material only for those who may see it: the file itself is never asked for it. */
function Facts({ material, info }: { material: Material; info: ImageInfo | null }): JSX.Element {
    const identity = material.identity;
    return <details class="viewers-facts"><summary>{words('facts')}</summary><dl class="facts">
        {identity?.patientName && <><dt>{words('fact.patientName')}</dt><dd>{identity.patientName}</dd></>}
        {identity?.patientId && <><dt>{words('fact.patientId')}</dt><dd>{identity.patientId}</dd></>}
        {info?.facts.map(([key, value]) => <><dt>{words(`fact.${key}`)}</dt><dd>{value}</dd></>)}
        {info && <><dt>{words('fact.pixels')}</dt><dd>{`${info.columns} × ${info.rows}${info.frames > 1 ? ` × ${info.frames}` : ''}, ${info.bitsStored} bit, ${info.photometric}`}</dd></>}
        {info?.spacing && <><dt>{words('fact.spacing')}</dt><dd>{`${info.spacing.column} × ${info.spacing.row} mm`}</dd></>}
    </dl></details>;
}

/** The server's preview picture, until something better is here. */
function usePreview(preview: Material | undefined, wanted: boolean): { shown: boolean; attach(c: HTMLCanvasElement | null): void } {
    const [bitmap, setBitmap] = useState<ImageBitmap | null>(null);
    const canvas = useRef<HTMLCanvasElement | null>(null);
    useEffect(() => {
        if (!preview || !wanted) return undefined;
        const stop = new AbortController();
        loadBytes(preview.id, { signal: stop.signal }).then(unpackPicture).then(setBitmap, () => undefined); // the file itself is on its way
        return () => stop.abort();
    }, [preview?.id, wanted]);
    useEffect(() => {
        if (!bitmap || !canvas.current) return;
        canvas.current.width = bitmap.width;
        canvas.current.height = bitmap.height;
        canvas.current.getContext('2d')!.drawImage(bitmap, 0, 0);
    }, [bitmap]);
    return { shown: wanted && bitmap !== null, attach: (c) => { canvas.current = c; } };
}
