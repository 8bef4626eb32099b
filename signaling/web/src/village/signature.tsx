// SPDX-License-Identifier: Apache-2.0
// A signature drawn with finger, pen or mouse. Kept sealed as a small PNG after each stroke; knows nothing of consent.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { keep } from '../app/session';
import { dropFile, keepFile, readFile, type FileRef } from '../outbox/files';
import { Button } from '../ui/ui';
import { words } from './formtext';

const SIZE = { width: 900, height: 300 }; // of the picture, whatever the screen
const PEN = 5;

type Point = [number, number];

function draw(canvas: HTMLCanvasElement, strokes: Point[][]): void {
    const c = canvas.getContext('2d')!;
    c.fillStyle = '#ffffff';
    c.fillRect(0, 0, SIZE.width, SIZE.height);
    c.strokeStyle = '#101820';
    c.lineWidth = PEN;
    c.lineCap = c.lineJoin = 'round';
    for (const stroke of strokes) {
        c.beginPath();
        stroke.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
        if (stroke.length === 1) c.lineTo(stroke[0]![0] + 0.1, stroke[0]![1]);
        c.stroke();
    }
}

function Pad({ onStroke }: { onStroke(picture: Blob): void }): JSX.Element {
    const canvas = useRef<HTMLCanvasElement>(null);
    const strokes = useRef<Point[][]>([]);
    useEffect(() => draw(canvas.current!, []), []);
    const point = (e: PointerEvent): Point => {
        const box = canvas.current!.getBoundingClientRect();
        return [((e.clientX - box.left) / box.width) * SIZE.width, ((e.clientY - box.top) / box.height) * SIZE.height];
    };
    const down = (e: PointerEvent): void => {
        e.preventDefault();
        canvas.current!.setPointerCapture(e.pointerId);
        strokes.current.push([point(e)]);
        draw(canvas.current!, strokes.current);
    };
    const move = (e: PointerEvent): void => {
        if (!canvas.current!.hasPointerCapture(e.pointerId)) return;
        for (const one of e.getCoalescedEvents?.() ?? [e]) strokes.current.at(-1)?.push(point(one));
        draw(canvas.current!, strokes.current);
    };
    const up = (): void => canvas.current!.toBlob((b) => { if (b) onStroke(b); }, 'image/png');
    return <canvas ref={canvas} class="village-sign" width={SIZE.width} height={SIZE.height} role="img" aria-label={words('signHere')} onPointerDown={down} onPointerMove={move} onPointerUp={up} />;
}

function Kept({ file }: { file: FileRef }): JSX.Element {
    const [address, setAddress] = useState('');
    useEffect(() => {
        let made = '';
        void readFile(keep.value!, file).then((b) => setAddress((made = URL.createObjectURL(b.slice(0, b.size, 'image/png')))));
        return () => { if (made) URL.revokeObjectURL(made); };
    }, [file.id]);
    return <img class="village-sign" src={address || undefined} alt={words('signed')} />;
}

/** `onChange(undefined)`: cleared. */
export function Signature({ file, onChange }: { file: FileRef | undefined; onChange(file: FileRef | undefined): void }): JSX.Element {
    const [drawing, setDrawing] = useState(file === undefined);
    const last = useRef(file);
    const turn = useRef(Promise.resolve());
    useEffect(() => {
        if (!file && last.current) { // taken away with the text that it signed
            last.current = undefined;
            setDrawing(true);
        }
        if (!file || last.current) return;
        last.current = file; // kept from before a reload
        setDrawing(false);
    }, [file?.id]);
    const stroke = (picture: Blob): void => {
        turn.current = turn.current.then(async () => {
            const before = last.current;
            last.current = await keepFile(keep.value!, picture, `${words('signature')}.png`, 'photo');
            onChange(last.current);
            if (before) await dropFile(keep.value!, before.id);
        });
    };
    const clear = (): void => {
        const before = last.current;
        last.current = undefined;
        onChange(undefined);
        setDrawing(false);
        requestAnimationFrame(() => setDrawing(true)); // an empty pad
        if (before) void dropFile(keep.value!, before.id);
    };
    return <div class="field"><span>{words('signature')}</span>
        {drawing ? <Pad onStroke={stroke} /> : file ? <Kept file={file} /> : <div class="village-sign" />}
        <div class="buttons"><Button onClick={clear}>{file ? words('signAgain') : words('clear')}</Button>{file ? <span class="tag good">✓ {words('signed')}</span> : <span class="muted">{words('signHere')}</span>}</div>
    </div>;
}
