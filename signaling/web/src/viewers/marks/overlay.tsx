// SPDX-License-Identifier: Apache-2.0
// Marks over a picture, and the tools that draw them. Each author has a colour and a line pattern, and a word in the
// legend, so that colour is not the only sign.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { common } from '../../text/common';
import { Button, Dialog, Field } from '../../ui/ui';
import { distanceMm, toScreen, type Placement, type Point, type Size } from '../placement';
import type { Tool } from '../stage';
import { words } from '../text';
import { arrowHead, isClick, LONGEST_TEXT, onFrame, ownOf, SHAPES, type Mark, type Shape } from './model';
import type { MarksSession } from './session';

const COLOURS = ['#ffe14d', '#5ad1ff', '#ff8ad8', '#9dff7a', '#ffb066'];
const DASHES = ['none', '8 4', '2 4', '12 4 2 4', '5 5'];

interface OverlayProps {
    session: MarksSession;
    draft: Mark | null;
    frame: number;
    placement: Placement;
    size: Size;
    spacing?: { row: number; column: number } | undefined;
}

const order = (session: MarksSession, by: string | undefined): number => {
    if (by === undefined || by === session.me) return 0;
    return 1 + Math.max(0, session.by.filter((b) => b !== session.me).indexOf(by));
};

export function nameOf(session: MarksSession, by: string | undefined): string {
    return order(session, by) === 0 ? words('mark.mine') : session.names.get(by!) ?? words('mark.other', { n: order(session, by) });
}

export function Overlay({ session, draft, frame, placement, size, spacing }: OverlayProps): JSX.Element {
    const place = (p: readonly number[]): Point => toScreen(placement, size, [p[0]!, p[1]!]);
    const shown = onFrame(session.marks, frame);
    const live = [...session.live].flatMap(([by, l]) => (l.mark && (l.mark.frame ?? 0) === frame ? [{ ...l.mark, by }] : []));
    const pointers = [...session.live].flatMap(([by, l]) => (l.pointer && l.pointer.frame === frame ? [{ by, at: place(l.pointer.at) }] : []));
    return <svg class="viewers-marks" width={size.width} height={size.height} role="img" aria-label={words('mark.count', { n: shown.length })}>
        {[...shown, ...live, ...(draft ? [draft] : [])].map((m, i) => <Drawn key={i} mark={m} place={place} n={order(session, m.by)} spacing={spacing} />)}
        {pointers.map(({ by, at }) => <g key={by} stroke={COLOURS[order(session, by) % COLOURS.length]} fill="none" stroke-width="3"><circle cx={at[0]} cy={at[1]} r="12" /><circle cx={at[0]} cy={at[1]} r="2" />
            <text x={at[0] + 16} y={at[1] + 5} class="viewers-mark-text" fill={COLOURS[order(session, by) % COLOURS.length]}>{nameOf(session, by)}</text></g>)}
    </svg>;
}

function Drawn({ mark, place, n, spacing }: { mark: Mark; place(p: readonly number[]): Point; n: number; spacing?: { row: number; column: number } | undefined }): JSX.Element {
    const points = mark.points.map(place);
    const [a, b] = [points[0]!, points[points.length - 1]!];
    const label = mark.shape === 'ruler' ? rulerText(mark, spacing) : mark.text;
    const at = mark.shape === 'text' ? a : b;
    return <g>{['#000', COLOURS[n % COLOURS.length]!].map((colour, layer) =>
        <g key={layer} stroke={colour} fill="none" stroke-width={layer ? 2.5 : 5} stroke-dasharray={layer ? DASHES[n % DASHES.length] : 'none'} stroke-linecap="round">{strokes(mark.shape, points, a, b)}</g>)}
        {label && <text x={at[0] + 8} y={at[1] - 8} class="viewers-mark-text" fill={COLOURS[n % COLOURS.length]}>{label}</text>}</g>;
}

function strokes(shape: Shape, points: Point[], a: Point, b: Point): JSX.Element | null {
    const line = <polyline points={points.map((p) => p.join(',')).join(' ')} />;
    if (shape === 'text') return <circle cx={a[0]} cy={a[1]} r="3" />;
    if (shape === 'ellipse') return <ellipse cx={(a[0] + b[0]) / 2} cy={(a[1] + b[1]) / 2} rx={Math.abs(a[0] - b[0]) / 2} ry={Math.abs(a[1] - b[1]) / 2} />;
    if (shape === 'line') return line;
    if (shape === 'ruler') return <>{line}{[a, b].map((p, i) => <circle key={i} cx={p[0]} cy={p[1]} r="4" />)}</>;
    return <>{line}<polyline points={((h) => [h[0], b, h[1]])(arrowHead(a, b, 14)).map((p) => p.join(',')).join(' ')} /></>;
}

function rulerText(mark: Mark, spacing: { row: number; column: number } | undefined): string {
    const [a, b] = [mark.points[0] as Point, mark.points[mark.points.length - 1] as Point];
    const mm = distanceMm(a, b, spacing);
    return mm === undefined ? `${Math.round(Math.hypot(a[0] - b[0], a[1] - b[1]))} px` : `${mm.toFixed(mm < 100 ? 1 : 0)} mm`;
}

export type MarkTool = Shape | 'pointer';

/** The tool of a shape, its draft, and the dialog a text asks for. */
export function useMarkTool(session: MarksSession, shape: MarkTool | null, frame: number, scale: number): { tool: Tool | null; draft: Mark | null; dialog: JSX.Element } {
    const [draft, setDraft] = useState<Mark | null>(null);
    const [asking, setAsking] = useState<Point | null>(null);
    const current = useRef<Mark | null>(null);
    const put = (m: Mark | null): void => { current.current = m; setDraft(m); session.draft(m); };
    const [text, setText] = useState('');
    const write = (): void => {
        if (asking && text.trim()) session.add({ shape: 'text', points: [asking], text: text.trim().slice(0, LONGEST_TEXT), frame });
        setAsking(null);
        setText('');
    };
    const dialog = <Dialog open={asking !== null} title={words('mark.text')} onClose={() => setAsking(null)}>
        <form onSubmit={(e) => { e.preventDefault(); write(); }}><Field label={words('mark.textLabel')}><input autofocus maxLength={LONGEST_TEXT} value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field>
            <div class="buttons"><Button look="primary" submit>{common('ok')}</Button><Button onClick={() => setAsking(null)}>{common('cancel')}</Button></div></form></Dialog>;
    if (shape === null) return { tool: null, draft: null, dialog };
    if (shape === 'pointer') return { tool: { name: shape, keys: true, cursor: 'crosshair', down: (at) => session.point(at, frame), move: (at) => session.point(at, frame), up: () => session.point(null, frame), hover: (at) => session.point(at, frame) }, draft: null, dialog };
    const tool: Tool = {
        name: shape,
        keys: true,
        cursor: 'crosshair',
        cancel: () => put(null),
        down: (at) => put({ shape, points: [at, at], frame }),
        move: (at) => current.current && put({ ...current.current, points: [current.current.points[0]!, at] }),
        up: (at) => {
            const done = current.current;
            put(null);
            if (shape === 'text') setAsking(at);
            else if (done && !isClick(done.points[0] as Point, at, scale)) session.add({ ...done, points: [done.points[0]!, at] });
        },
    };
    return { tool, draft, dialog };
}

export function MarkButtons({ session, chosen, onChoose, room }: { session: MarksSession; chosen: MarkTool | null; onChoose(t: MarkTool | null): void; room: boolean }): JSX.Element {
    const own = ownOf(session.marks, session.me).length;
    const [open, setOpen] = useState(false);
    const all: MarkTool[] = room ? ['pointer', ...SHAPES] : SHAPES;
    if (!open) return <div class="viewers-tools"><button type="button" class="button" aria-expanded="false" onClick={() => setOpen(true)}>{words('mark.open', { n: session.marks.length })}</button></div>;
    return <div class="viewers-tools" role="group" aria-label={words('mark.tools')}>
        <button type="button" class="button" aria-expanded="true" onClick={() => { setOpen(false); onChoose(null); }}>{words('mark.close')}</button>
        {all.map((s) => <Button key={s} pressed={chosen === s} onClick={() => onChoose(chosen === s ? null : s)}>{words(`mark.${s}`)}</Button>)}
        <Button disabled={own === 0} onClick={session.undo}>{words('mark.undo')}</Button>
        <Button disabled={own === 0} onClick={session.clear}>{words('mark.clear')}</Button>
        {session.by.length > 0 && <span class="muted viewers-legend">{session.by.map((by) => <span key={by}><svg width="28" height="10" aria-hidden="true"><line x1="0" y1="5" x2="28" y2="5" stroke="#000" stroke-width="6" /><line x1="0" y1="5" x2="28" y2="5" stroke={COLOURS[order(session, by) % COLOURS.length]} stroke-width="3" stroke-dasharray={DASHES[order(session, by) % DASHES.length]} /></svg> {nameOf(session, by)} </span>)}</span>}
    </div>;
}
