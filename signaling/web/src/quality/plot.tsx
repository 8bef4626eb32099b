// SPDX-License-Identifier: Apache-2.0
// Plots as drawings of lines and bars, each with the same numbers as a table. Series are told apart by mark and dash as
// well as colour. Knows numbers and names, not what they count.
import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { textScale } from '../ui/ui';
import { runsOf, ticksOf, type Point } from './series';
import { words } from './text';
import './quality.css';

interface TableProps { columns: string[]; rows: (string | number)[][] }

function NumbersTable({ columns, rows }: TableProps): JSX.Element {
    return <details class="quality-table"><summary>{words('asTable')}</summary><div class="quality-scroll" tabIndex={0}><table><thead><tr>{columns.map((c) => <th key={c} scope="col">{c}</th>)}</tr></thead>
        <tbody>{rows.map((r, i) => <tr key={i}>{r.map((cell, k) => (k === 0 ? <th key={k} scope="row">{cell}</th> : <td key={k}>{cell}</td>))}</tr>)}</tbody></table></div></details>;
}

export interface Bar { name: string; value: number; note?: string }

/** One horizontal bar a name, with its number written beside it. */
export function BarPlot({ title, unit, bars }: { title: string; unit: string; bars: Bar[] }): JSX.Element {
    const id = useId();
    const max = Math.max(...bars.map((b) => b.value), 0);
    return <figure class="quality-plot" aria-labelledby={id}><figcaption id={id}>{title} <small class="muted">{unit}</small></figcaption>
        {bars.length === 0 ? <p class="muted">{words('nothing')}</p> : <>
            <ul class="quality-bars" aria-hidden="true">{bars.map((b) => <li key={b.name}><span class="quality-barname" title={b.name}>{b.name}</span>
                <span class="quality-bartrack"><span class="quality-bar" style={{ width: `${max ? (b.value / max) * 100 : 0}%` }} /></span><span class="quality-barvalue">{b.value}{b.note && <small class="muted"> {b.note}</small>}</span></li>)}</ul>
            <NumbersTable columns={[title, unit]} rows={bars.map((b) => [b.name, b.note ? `${b.value} ${b.note}` : b.value])} /></>}
    </figure>;
}

export interface Series { name: string; points: Point[] }
interface LineProps { title: string; unit: string; series: Series[]; nameOf(x: number): string; gap?: number; rows?: number }

const HEIGHT = 190, LEFT = 52, RIGHT = 30, TOP = 10, BOTTOM = 26;
const DASHES = ['', '7 4', '2 3', '10 3 2 3'];
const DOTS_MAX = 40; // more points than that are a line only

function Marker({ x, y, kind, scale = 1 }: { x: number; y: number; kind: number; scale?: number }): JSX.Element {
    const at = `translate(${x} ${y}) scale(${scale})`;
    if (kind === 1) return <rect transform={at} x={-3.5} y={-3.5} width={7} height={7} />;
    if (kind === 2) return <path transform={at} d="M0 -5L5 4L-5 4Z" />;
    if (kind === 3) return <path transform={at} d="M0 -5L5 0L0 5L-5 0Z" />;
    return <circle transform={at} r={4} />;
}

function useWidth(): [{ current: HTMLDivElement | null }, number] {
    const ref = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(600);
    useEffect(() => {
        const observer = new ResizeObserver(() => setWidth(Math.max(240, ref.current?.clientWidth ?? 600)));
        observer.observe(ref.current!);
        return () => observer.disconnect();
    }, []);
    return [ref, width];
}

function Lines({ series, nameOf, gap, width }: LineProps & { width: number }): JSX.Element {
    const all = series.flatMap((s) => s.points);
    const first = Math.min(...all.map((p) => p.x)), last = Math.max(...all.map((p) => p.x));
    const s = textScale();
    const [height, left, right, bottom] = [HEIGHT * s, LEFT * s, RIGHT * s, BOTTOM * s];
    const ticks = ticksOf(Math.max(...all.map((p) => p.y ?? 0), 0));
    const top = ticks.at(-1) ?? 1;
    const px = (x: number): number => (last === first ? (left + width - right) / 2 : left + ((x - first) / (last - first)) * (width - left - right));
    const py = (y: number): number => height - bottom - (y / top) * (height - TOP - bottom);
    const xs = [...new Set(all.map((p) => p.x))].sort((a, b) => a - b);
    const every = Math.max(1, Math.ceil(xs.length / Math.max(2, Math.floor(width / (110 * s)))));
    return <svg class="quality-lines" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        {ticks.map((t) => <g key={t}><line class="quality-tick" x1={left} x2={width - right} y1={py(t)} y2={py(t)} /><text class="quality-label" x={left - 6} y={py(t) + 4 * s} text-anchor="end">{t}</text></g>)}
        {xs.filter((_, i) => i % every === 0).map((x) => <text key={x} class="quality-label" x={px(x)} y={height - 6 * s} text-anchor="middle">{nameOf(x)}</text>)}
        {series.map((one, i) => <g key={one.name} class={`quality-series s${i % 4}`}>
            {runsOf(one.points, gap).map((run, k) => <path key={k} class="quality-line" stroke-dasharray={DASHES[i % 4]} d={run.map((p, n) => `${n ? 'L' : 'M'}${px(p.x).toFixed(1)} ${py(p.y).toFixed(1)}`).join('')} />)}
            {one.points.length <= DOTS_MAX && one.points.map((p) => (p.y === null ? null : <Marker key={p.x} x={px(p.x)} y={py(p.y)} kind={i % 4} scale={s} />))}
        </g>)}
    </svg>;
}

/** Over time. `gap`: a wider step of x breaks the line. `rows`: of the table, the last ones. */
export function LinePlot(props: LineProps): JSX.Element {
    const { title, unit, series, nameOf, rows } = props;
    const id = useId();
    const [ref, width] = useWidth();
    const s = textScale();
    const some = series.some((s) => s.points.some((p) => p.y !== null));
    const xs = [...new Set(series.flatMap((s) => s.points.map((p) => p.x)))].sort((a, b) => a - b);
    const table = (rows ? xs.slice(-rows) : xs).map((x) => [nameOf(x), ...series.map((s) => s.points.find((p) => p.x === x)?.y ?? '–')]);
    return <figure class="quality-plot" aria-labelledby={id}><figcaption id={id}>{title} <small class="muted">{unit}</small></figcaption>
        <div ref={ref}>{!some ? <p class="muted">{words('nothing')}</p> : <Lines {...props} width={width} />}</div>
        {series.length > 1 && some && <ul class="quality-legend" aria-hidden="true">{series.map((one, i) => <li key={one.name} class={`quality-series s${i % 4}`}><svg width={38 * s} height={14 * s} viewBox="0 0 38 14"><line class="quality-line" x1={0} x2={38} y1={7} y2={7} stroke-dasharray={DASHES[i % 4]} vector-effect="non-scaling-stroke" /><Marker x={19} y={7} kind={i % 4} /></svg>{one.name}</li>)}</ul>}
        {some && <NumbersTable columns={[title, ...series.map((s) => `${s.name}${unit ? ` (${unit})` : ''}`)]} rows={table} />}
    </figure>;
}
