// SPDX-License-Identifier: Apache-2.0
// A photo: preview first when there is one, then the original; zoom, turn, brightness, marks. A picture that is too
// large for a browser's memory is refused before it is unpacked.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { loadBytes } from '../fetch';
import { MarkButtons, Overlay, useMarkTool, type MarkTool } from '../marks/overlay';
import { useMarks } from '../marks/session';
import { previewOf, titleOf, type ViewerProps } from '../model';
import { matrixToScreen, type Size } from '../placement';
import { Stage, StageButtons, usePlacement } from '../stage';
import { words } from '../text';
import { Light, Progress, Trouble, type Level } from '../trouble';
import { unpackPicture } from './size';

const PLAIN = { brightness: 100, contrast: 100 };

async function picture(id: string, onProgress: (loaded: number, total: number) => void, signal: AbortSignal): Promise<ImageBitmap> {
    const bytes = await loadBytes(id, { onProgress, signal });
    return unpackPicture(bytes);
}

interface Loaded { bitmap: ImageBitmap | null; level: Level; loaded: number; total: number; error: unknown; again(): void }

/** The preview counts only until the original is there. */
function usePicture(id: string, preview: string | undefined, bytes: number): Loaded {
    const [state, setState] = useState<Omit<Loaded, 'again'>>({ bitmap: null, level: 'waiting', loaded: 0, total: bytes, error: null });
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        const stop = new AbortController();
        let full = false;
        const show = (bitmap: ImageBitmap, level: Level): void => {
            if (stop.signal.aborted || (full && level !== 'full')) return bitmap.close();
            full ||= level === 'full';
            setState((s) => { s.bitmap?.close(); return { ...s, bitmap, level, error: null }; });
        };
        const progress = (loaded: number, total: number): void => setState((s) => ({ ...s, loaded, total }));
        if (preview) picture(preview, () => undefined, stop.signal).then((b) => show(b, 'preview'), () => undefined); // the original says what is wrong
        picture(id, progress, stop.signal).then((b) => show(b, 'full'), (error) => { if (!stop.signal.aborted) setState((s) => ({ ...s, error })); });
        return () => stop.abort();
    }, [id, preview, turn]);
    return { ...state, again: () => setTurn((n) => n + 1) };
}

export function PhotoView({ material, all, room }: ViewerProps): JSX.Element {
    const preview = previewOf(material, all)?.id;
    const { bitmap, level, loaded, total, error, again } = usePicture(material.id, preview, material.bytes ?? 0);
    const image: Size | null = bitmap && imageSize(bitmap, material.details, level);
    const placing = usePlacement(image);
    const session = useMarks(material, room);
    const [shape, setShape] = useState<MarkTool | null>(null);
    const [look, setLook] = useState(PLAIN);
    const marking = useMarkTool(session, shape, 0, placing.placement.scale);
    const canvas = useRef<HTMLCanvasElement>(null);
    useEffect(() => { if (canvas.current && bitmap && image) paint(canvas.current, bitmap, image, placing.placement, placing.size); }, [bitmap, placing.placement, placing.size]);
    if (error && !bitmap) return <Trouble error={error} onRetry={again} />;
    return <div class="viewers-photo">
        {error ? <Trouble error={error} onRetry={again} /> : null}
        <div class="viewers-bar"><StageButtons control={placing.control} />
            <label class="viewers-slider">{words('brightness')}<input type="range" min="30" max="250" value={look.brightness} onInput={(e) => setLook({ ...look, brightness: Number(e.currentTarget.value) })} /></label>
            <label class="viewers-slider">{words('contrast')}<input type="range" min="30" max="300" value={look.contrast} onInput={(e) => setLook({ ...look, contrast: Number(e.currentTarget.value) })} /></label>
            {(look.brightness !== 100 || look.contrast !== 100) && <button type="button" class="button quiet" onClick={() => setLook(PLAIN)}>{words('resetLook')}</button>}
            <MarkButtons session={session} chosen={shape} onChoose={setShape} room={room !== undefined} /></div>
        <Stage image={image} label={titleOf(material)} tool={marking.tool} placing={placing} onState={() => undefined}>
            <canvas ref={canvas} style={{ filter: `brightness(${look.brightness}%) contrast(${look.contrast}%)` }} />
            <Overlay session={session} draft={marking.draft} frame={0} placement={placing.placement} size={placing.size} />
            <div class="viewers-status"><Light level={level === 'full' && material.preview ? 'preview' : level} extra={look.brightness !== 100 || look.contrast !== 100 ? words('light.changed') : undefined} />
                {level !== 'full' && <Progress loaded={loaded} total={total} />}</div>
        </Stage>
        {marking.dialog}
    </div>;
}

/** A preview stands in the original's size, so that marks and zoom stay where they are when the original comes. */
function imageSize(bitmap: ImageBitmap, details: ViewerProps['material']['details'], level: Level): Size {
    const [w, h] = [details?.width, details?.height];
    if (level === 'full' || !w || !h) return { width: bitmap.width, height: bitmap.height };
    const turned = (details?.orientation ?? 1) >= 5;
    return turned ? { width: h, height: w } : { width: w, height: h };
}

function paint(canvas: HTMLCanvasElement, bitmap: ImageBitmap, image: Size, placement: Parameters<typeof matrixToScreen>[0], size: Size): void {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(size.width * ratio));
    canvas.height = Math.max(1, Math.round(size.height * ratio));
    const context = canvas.getContext('2d')!;
    context.imageSmoothingQuality = 'high';
    context.imageSmoothingEnabled = placement.scale < 4;
    context.setTransform(...matrixToScreen(placement, size, ratio));
    context.drawImage(bitmap, 0, 0, image.width, image.height);
}
