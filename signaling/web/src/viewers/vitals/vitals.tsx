// SPDX-License-Identifier: Apache-2.0
// Vital signs of a case over time: a small curve for each, the range as a band and each value with a word, and the same
// as a table.
import type { JSX } from 'preact';
import { clock, when } from '../../text/text';
import type { ViewerProps } from '../model';
import { words } from '../text';
import { axisOf, RANGES, seriesOf, standing, UNITS, type Series } from './ranges';

const WIDTH = 480;
const HEIGHT = 150;
const EDGE = { left: 56, right: 56, top: 10, bottom: 24 };
const SIGN = { low: '↓', high: '↑', normal: '', noRange: '' } as const;

export function VitalsView({ all }: ViewerProps): JSX.Element {
    const series = seriesOf(all);
    if (series.length === 0) return <p class="note warn">{words('vitals.none')}</p>;
    return <div><div class="viewers-vitals">{series.map((s) => <Curve key={s.code} series={s} />)}</div>
        <p class="muted">{words('vitals.adult')}</p>
        <details class="viewers-facts"><summary>{words('vitals.table')}</summary><Table series={series} /></details></div>;
}

function shown(s: Series, value: number): string {
    const where = standing(s.code, value);
    return `${value} ${UNITS[s.unit] ?? s.unit}${where === 'noRange' ? '' : ` ${SIGN[where]}${words(`vitals.${where}`)}`}`;
}

function Curve({ series: s }: { series: Series }): JSX.Element {
    const [low, high] = axisOf(s);
    const [first, last] = [s.points[0]!.at, s.points[s.points.length - 1]!.at];
    const x = (at: number): number => EDGE.left + (last > first ? (at - first) / (last - first) : 0.5) * (WIDTH - EDGE.left - EDGE.right);
    const y = (v: number): number => EDGE.top + (1 - (v - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
    const range = RANGES[s.code];
    const latest = s.points[s.points.length - 1]!;
    return <section class="card">
        <h3>{words(`vital.${s.code}`)} <span class={standing(s.code, latest.value) === 'low' || standing(s.code, latest.value) === 'high' ? 'tag urgent' : 'tag'}>{shown(s, latest.value)}</span> {range && <small class="muted">{words('vitals.range', { from: range[0], to: range[1] })}</small>}</h3>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${words('vitals.trend', { name: words(`vital.${s.code}`) })}: ${s.points.map((p) => `${clock(new Date(p.at).toISOString())} ${shown(s, p.value)}`).join(', ')}`}>
            {range && <rect x={EDGE.left} y={y(range[1])} width={WIDTH - EDGE.left - EDGE.right} height={Math.max(2, y(range[0]) - y(range[1]))} class="viewers-band" />}
            {(range ?? [low, high]).map((v) => <text key={v} x={EDGE.left - 10} y={y(v) + 5} text-anchor="end" class="viewers-axis">{Math.round(v * 10) / 10}</text>)}
            <polyline points={s.points.map((p) => `${x(p.at)},${y(p.value)}`).join(' ')} class="viewers-curve" />
            {s.points.map((p) => <g key={p.at}><Dot x={x(p.at)} y={y(p.value)} where={standing(s.code, p.value)} /><title>{`${when(new Date(p.at).toISOString())} ${shown(s, p.value)}`}</title></g>)}
            {[first, ...(last > first ? [last] : [])].map((t) => <text key={t} x={x(t)} y={HEIGHT - 6} text-anchor="middle" class="viewers-axis">{when(new Date(t).toISOString())}</text>)}
        </svg>
    </section>;
}

/** Outside the range a triangle that points to where, inside a circle. */
function Dot({ x, y, where }: { x: number; y: number; where: ReturnType<typeof standing> }): JSX.Element {
    if (where === 'normal' || where === 'noRange') return <circle cx={x} cy={y} r="5" class="viewers-dot" />;
    const tip = where === 'high' ? -8 : 8;
    return <polygon points={`${x},${y + tip} ${x - 7},${y - tip / 2} ${x + 7},${y - tip / 2}`} class="viewers-dot out" />;
}

function Table({ series }: { series: Series[] }): JSX.Element {
    const times = [...new Set(series.flatMap((s) => s.points.map((p) => p.at)))].sort((a, b) => a - b);
    return <table><thead><tr><th scope="col">{words('vitals.time')}</th>{series.map((s) => <th key={s.code} scope="col">{words(`vital.${s.code}`)}</th>)}</tr></thead>
        <tbody>{times.map((t) => <tr key={t}><th scope="row">{when(new Date(t).toISOString())}</th>{series.map((s) => { const p = s.points.find((q) => q.at === t); return <td key={s.code}>{p ? shown(s, p.value) : ''}</td>; })}</tr>)}</tbody></table>;
}
