// SPDX-License-Identifier: Apache-2.0
// Calipers on the paper: two lines and what lies between them in ms, beats per minute and mV; marched on at the same
// distance to see whether a rhythm is regular. By finger, mouse or keys.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { words } from '../text';
import { measured, type Paper, type Sheet } from './layout';

export interface Span { a: [number, number]; b: [number, number] } // mm on the paper

const KEY_MM = 0.25; // 10 ms at 25 mm/s
const GRAB_MM = 3;

export function Calipers({ span, sheet, paper, perMm, onSpan }: { span: Span | null; sheet: Sheet; paper: Paper; perMm: number; onSpan(change: (s: Span | null) => Span | null): void }): JSX.Element {
    const ref = useRef<SVGSVGElement>(null);
    const held = useRef<{ line: 'a' | 'b'; pointer: number } | null>(null);
    const at = (e: PointerEvent): [number, number] => { const box = ref.current!.getBoundingClientRect(); return [(e.clientX - box.left) / perMm, (e.clientY - box.top) / perMm]; };
    const down = (e: PointerEvent): void => {
        if (e.button !== 0 || held.current) return; // a second finger moves nothing
        ref.current!.setPointerCapture(e.pointerId);
        const p = at(e);
        const near = span && (['a', 'b'] as const).find((k) => Math.abs(span[k][0] - p[0]) < GRAB_MM);
        held.current = { line: near ?? 'b', pointer: e.pointerId };
        if (!near) onSpan(() => ({ a: p, b: p }));
    };
    const holds = (e: PointerEvent): boolean => held.current?.pointer === e.pointerId;
    const move = (e: PointerEvent): void => { const p = at(e); const line = held.current?.line; if (line && holds(e)) onSpan((s) => s && { ...s, [line]: p }); };
    const cancel = (e: PointerEvent): void => { if (holds(e)) { held.current = null; onSpan(() => null); } }; // half a drag would read as a whole one
    const up = (e: PointerEvent): void => { if (!holds(e)) return; held.current = null; onSpan((s) => (s && Math.abs(s.a[0] - s.b[0]) < 0.5 && Math.abs(s.a[1] - s.b[1]) < 0.5 ? null : s)); };
    const key = (e: KeyboardEvent): void => {
        const step = ({ ArrowLeft: [-KEY_MM, 0], ArrowRight: [KEY_MM, 0], ArrowUp: [0, -KEY_MM], ArrowDown: [0, KEY_MM] } as Record<string, [number, number]>)[e.key];
        if (e.key === 'Escape') onSpan(() => null);
        if (!step) return;
        e.preventDefault();
        const moved = (p: [number, number]): [number, number] => [p[0] + step[0], p[1] + step[1]];
        const middle: [number, number] = [sheet.width / 2, sheet.height / 2];
        onSpan((s) => (s ? { a: e.shiftKey ? moved(s.a) : s.a, b: moved(s.b) } : { a: middle, b: [middle[0] + paper.speed, middle[1]] }));
    };
    return <svg ref={ref} class="viewers-calipers" width={sheet.width * perMm} height={sheet.height * perMm} tabIndex={0} role="application" aria-label={words('ecg.calipers')} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={cancel} onKeyDown={key}>
        {span && <Lines span={span} sheet={sheet} perMm={perMm} />}
    </svg>;
}

/** What the two lines say; before there are any, how to get them. */
export function Reading({ span, paper }: { span: Span | null; paper: Paper }): JSX.Element {
    const said = span && measured(span.b[0] - span.a[0], span.b[1] - span.a[1], paper);
    const text = said && [`${Math.round(said.ms)} ms`, said.bpm !== null && said.bpm < 1000 ? words('ecg.bpm', { n: Math.round(said.bpm) }) : '', `${said.mV.toFixed(2)} mV`].filter(Boolean).join(' · ');
    return <p class="viewers-measured" role="status">{text ?? words('ecg.calipersHint')}</p>;
}

function Lines({ span, sheet, perMm }: { span: Span; sheet: Sheet; perMm: number }): JSX.Element {
    const [xa, ya, xb, yb] = [span.a[0], span.a[1], span.b[0], span.b[1]].map((v) => v * perMm) as [number, number, number, number];
    const [height, width] = [sheet.height * perMm, sheet.width * perMm];
    const distance = Math.abs(xb - xa);
    const marched: number[] = [];
    if (distance > 3 * perMm) for (let x = Math.max(xa, xb) + distance; x < width && marched.length < 40; x += distance) marched.push(x);
    return <g stroke="#0a4bd6" stroke-width="2" fill="none">
        {[xa, xb].map((x, i) => <line key={i} x1={x} x2={x} y1={0} y2={height} />)}
        {marched.map((x) => <line key={x} x1={x} x2={x} y1={0} y2={height} stroke-dasharray="4 6" stroke-width="1.5" />)}
        <line x1={xa} x2={xb} y1={ya} y2={ya} /><line x1={xb} x2={xb} y1={ya} y2={yb} stroke-width="4" />
        {Math.abs(yb - ya) > perMm && [ya, yb].map((y, i) => <line key={`y${i}`} x1={Math.min(xa, xb) - 6} x2={Math.max(xa, xb) + 6} y1={y} y2={y} stroke-dasharray="6 4" />)}
    </g>;
}
