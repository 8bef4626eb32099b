// SPDX-License-Identifier: Apache-2.0
// The land as a drawing: institutions where they lie, relays above, a line for each link; quality is told by colour,
// by the line's pattern and in words. The lists beside it say the same to who can't see it.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { textScale } from '../ui/ui';
import { landOf, scaleOf, type Land, type Mast, type Spot, type Wire } from './land';
import { QUALITIES, type Overview, type Quality } from './overview';
import { words } from './text';

const LETTER_PX = 15;
const LEAST_PX = 320;

function useWidth(): [{ current: HTMLDivElement | null }, number] {
    const ref = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(0);
    useEffect(() => {
        const observer = new ResizeObserver(() => setWidth(Math.max(LEAST_PX, ref.current?.clientWidth ?? 0)));
        observer.observe(ref.current!);
        return () => observer.disconnect();
    }, []);
    return [ref, width];
}

/** Bent, so that two relays' lines to one place stay apart. */
function wirePath({ from, to }: Wire): string {
    return `M${from.x} ${from.y}Q${from.x} ${(from.y + to.y) / 2} ${to.x} ${to.y}`;
}

function SpotMark({ spot: s, text }: { spot: Spot; text: number }): JSX.Element {
    const r = text * (0.22 + 0.06 * s.place.level);
    const look = s.trouble && s.trouble !== 'offline' ? 'bad' : s.place.inCall ? 'talk' : s.place.online ? 'on' : 'off';
    const state = s.trouble ? words(`reason.${s.trouble}`) : s.place.inCall ? words('inCall', { n: s.place.inCall }) : s.place.online ? words('online', { n: s.place.online }) : words('nobodyOnline');
    return <g class={`operator-spot ${look}`}><title>{`${s.place.name} · ${state}`}</title>
        {look === 'bad' ? <path d={`M${s.x} ${s.y - text * 0.75}L${s.x + text * 0.7} ${s.y + text * 0.5}L${s.x - text * 0.7} ${s.y + text * 0.5}Z`} /> : <circle cx={s.x} cy={s.y} r={r} />}
        {look === 'bad' && <text class="operator-sign" x={s.x} y={s.y + text * 0.38} text-anchor="middle" font-size={text * 0.8}>!</text>}
        {s.name && <text x={s.name.x} y={s.name.y + text * 0.35} text-anchor={s.name.anchor} font-size={text}>{s.place.name}</text>}</g>;
}

function MastMark({ mast: { relay: r, x, y }, text }: { mast: Mast; text: number }): JSX.Element {
    const half = text * 0.6;
    return <g class={`operator-mast ${r.state}`}><title>{`${r.id} · ${words(`state.${r.state}`)}`}</title>
        <rect x={x - half} y={y - half} width={2 * half} height={2 * half} rx={text * 0.15} />{r.state !== 'up' && <path d={`M${x - half} ${y - half}L${x + half} ${y + half}M${x + half} ${y - half}L${x - half} ${y + half}`} />}
        <text x={x} y={y - text * 0.95} text-anchor="middle" font-size={text}>{r.id}{r.state === 'up' ? '' : ` · ${words(`state.${r.state}`)}`}</text></g>;
}

function Drawing({ land, width, text }: { land: Land; width: number; text: number }): JSX.Element {
    const scale = scaleOf(land.kmPerPx, width);
    const y = land.height - text * 0.6;
    return <svg class="operator-land" viewBox={`0 0 ${width} ${land.height}`} width={width} height={land.height} aria-hidden="true">
        {land.wires.map((w) => <path key={`${w.link.relayId}/${w.link.institutionId}`} class={`operator-wire ${w.quality}`} d={wirePath(w)} />)}
        {land.masts.map((m) => <MastMark key={m.relay.id} mast={m} text={text} />)}
        {[...land.spots].reverse().map((s) => <SpotMark key={s.place.id} spot={s} text={text} />)}
        <g class="operator-scale"><path d={`M${text} ${y - text * 0.3}V${y}H${text + scale.px}V${y - text * 0.3}`} /><text x={text + scale.px + text * 0.4} y={y} font-size={text * 0.9}>{scale.km} km</text></g>
    </svg>;
}

function Legend(): JSX.Element {
    const scale = textScale();
    return <ul class="operator-legend" aria-hidden="true">
        {QUALITIES.map((q: Quality) => <li key={q}><svg viewBox="0 0 44 12" width={44 * scale} height={12 * scale}><line class={`operator-wire ${q}`} x1={0} x2={44} y1={6} y2={6} /></svg>{words(`quality.${q}`)}</li>)}
        {(['talk', 'on', 'off'] as const).map((look) => <li key={look}><svg viewBox="0 0 16 16" width={16 * scale} height={16 * scale}><g class={`operator-spot ${look}`}><circle cx={8} cy={8} r={6} /></g></svg>{words(`spot.${look}`)}</li>)}
        <li><svg viewBox="0 0 18 18" width={18 * scale} height={18 * scale}><g class="operator-spot bad"><path d="M9 1L17 16L1 16Z" /></g></svg>{words('spot.bad')}</li></ul>;
}

export function NetworkMap({ overview: o }: { overview: Overview }): JSX.Element {
    const [ref, width] = useWidth();
    const text = LETTER_PX * textScale();
    const land = width ? landOf(o, { width, text }) : null;
    return <div ref={ref} class="operator-map">
        {land ? <><Drawing land={land} width={width} text={text} /><Legend />{land.unplaced > 0 && <p class="muted">{words('unplaced', { n: land.unplaced })}</p>}{land.beyond > 0 && <p class="muted">{words('beyond', { n: land.beyond })}</p>}</> : width > 0 && <p class="note">{words('noPlaces')}</p>}
    </div>;
}
