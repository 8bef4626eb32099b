// SPDX-License-Identifier: Apache-2.0
// The ECG viewer: paper with its grid, lead layouts, speed and gain, calipers, and filters that are off until somebody
// switches one on, and named while they are on.
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { common } from '../../text/common';
import { language } from '../../text/text';
import { Button, Dialog } from '../../ui/ui';
import { ViewerWorker } from '../client';
import { titleOf, type ViewerProps } from '../model';
import { words } from '../text';
import { Progress, Trouble } from '../trouble';
import { Unshowable } from '../unshowable';
import { Calipers, Reading, type Span } from './calipers';
import { drawSheet } from './draw';
import { applies, FILTERS, pageOf, type FilterKey } from './filters';
import { firstLayout, lastFrom, layoutsOf, median, PAGE_SECONDS, sheetOf, type LayoutName, type Paper, type Sheet } from './layout';
import { lengthOf, type Ecg } from './model';

const MM_KEPT = 'shanqiao.pxPerMm'; // of this screen; nothing of a patient
const CSS_PX_PER_MM = 96 / 25.4;
const CARD_MM = 85.6; // ISO/IEC 7810 ID-1: any bank card
const MOST_CANVAS_PX = 8192;

function useEcg(material: ViewerProps['material'], all: ViewerProps['all']): { ecg: Ecg | null; loaded: number; total: number; error: Unshowable | null; again(): void } {
    const [state, setState] = useState<{ ecg: Ecg | null; loaded: number; total: number; error: Unshowable | null }>({ ecg: null, loaded: 0, total: material.bytes ?? 0, error: null });
    const [turn, setTurn] = useState(0);
    const { header } = material;
    const headers = material.format === 'wfdb_signal' && !header ? all.filter((m) => m.format === 'wfdb_header').map((m) => m.id) : [];
    useEffect(() => {
        setState((s) => ({ ...s, error: null }));
        if (material.format === 'wfdb_signal' && !header && headers.length === 0) {
            setState((s) => ({ ...s, error: new Unshowable('header_missing') }));
            return undefined;
        }
        const worker = new ViewerWorker((m) => {
            if (m.type === 'ecg') setState((s) => ({ ...s, ecg: m.ecg }));
            if (m.type === 'progress') setState((s) => ({ ...s, loaded: m.loaded, total: m.total }));
            if (m.type === 'failed') setState((s) => ({ ...s, error: new Unshowable(m.code, m.detail) }));
        });
        worker.ask({ type: 'ecg', id: material.id, name: material.name, header, headers });
        return () => worker.close();
    }, [material.id, header, headers.join(), turn]);
    return { ...state, again: () => setTurn((n) => n + 1) };
}

export function EcgView({ material, all }: ViewerProps): JSX.Element {
    const { ecg, loaded, total, error, again } = useEcg(material, all);
    if (error) return <Trouble error={error} onRetry={again} />;
    if (!ecg) return <Progress loaded={loaded} total={total} />;
    return <Recordings all={[ecg, ...ecg.others ?? []]} label={titleOf(material)} />;
}

/** One recording; where a file holds several, which one. */
function Recordings({ all, label }: { all: Ecg[]; label: string }): JSX.Element {
    const [at, setAt] = useState(0);
    const nameOf = (e: Ecg, i: number): string => words('ecg.groupName', { i: i + 1, n: all.length, name: [e.title, factsOf(e)].filter(Boolean).join(' · ') });
    return <>
        {all.length > 1 && <div class="viewers-bar"><Choice label={words('ecg.group')} value={at} options={all.map((e, i) => [i, nameOf(e, i)] as [number, string])} onChange={(i) => setAt(i)} /><span class="muted">{words('ecg.groups', { n: all.length })}</span></div>}
        <Opened key={at} ecg={all[at]!} label={label} />
    </>;
}

const factsOf = (ecg: Ecg): string => words('ecg.facts', { rate: Math.round(ecg.rateHz * 10) / 10, seconds: Math.round((lengthOf(ecg) / ecg.rateHz) * 10) / 10, leads: ecg.leads.length });
const namesOf = (keys: FilterKey[]): string => keys.map((f) => words(`ecg.${f}`)).join(language.value === 'en' ? ', ' : '、');

function Opened({ ecg, label }: { ecg: Ecg; label: string }): JSX.Element {
    const [paper, setPaper] = useState<Paper>(() => ({ speed: 25, gain: 10, layout: firstLayout(ecg), from: 0 }));
    const [filters, setFilters] = useState<FilterKey[]>([]);
    const [trueSize, setTrueSize] = useState(false);
    const [measuring, setMeasuring] = useState(() => matchMedia('(pointer: fine)').matches); // a finger scrolls until it is told to measure
    const [perMm, setPerMm] = useState(() => Number(localStorage.getItem(MM_KEPT)) || CSS_PX_PER_MM);
    const seen = useMemo(() => pageOf(ecg, paper.from, PAGE_SECONDS, filters), [ecg, paper.from, filters]);
    const whole = useMemo(() => ecg.leads.map((l) => median(l.samples)), [ecg]);
    const offsets = useMemo(() => (filters.includes('baseline') ? seen.leads.map((l) => median(l.samples)) : whole), [seen, whole]);
    const sheet = useMemo(() => sheetOf(seen, { ...paper, from: 0 }), [seen, paper]);
    const useless = FILTERS.filter((f) => !applies(f, ecg.rateHz));
    const set = (part: Partial<Paper>): void => setPaper((p) => ({ ...p, ...part }));
    return <div class="viewers-ecg">
        <div class="viewers-bar">
            <Choice label={words('ecg.layout')} value={paper.layout} options={layoutsOf(ecg).map((l) => [l, l === 'all' ? words('ecg.all') : l === '3x4' ? words('ecg.rhythm') : l.replace('x', '×')])} onChange={(layout: LayoutName) => set({ layout })} />
            <Choice label={words('ecg.speed')} value={paper.speed} options={([25, 50] as const).map((s) => [s, `${s} mm/s`])} onChange={(speed: 25 | 50) => set({ speed })} />
            <Choice label={words('ecg.gain')} value={paper.gain} options={([5, 10, 20] as const).map((g) => [g, `${g} mm/mV`])} onChange={(gain: 5 | 10 | 20) => set({ gain })} />
        </div>
        <div class="viewers-bar">
            <div class="viewers-tools" role="group" aria-label={words('ecg.filters')}>{FILTERS.map((f) => <Button key={f} disabled={useless.includes(f)} pressed={filters.includes(f)} onClick={() => setFilters((on) => (on.includes(f) ? on.filter((x) => x !== f) : [...on, f]))}>{words(`ecg.${f}`)}</Button>)}</div>
            <Button pressed={measuring} onClick={() => setMeasuring(!measuring)}>{words('ecg.measure')}</Button>
            <Button pressed={trueSize} onClick={() => setTrueSize(!trueSize)}>{words('ecg.trueSize')}</Button>
            {trueSize && <Calibrate perMm={perMm} onChange={(v) => { setPerMm(v); localStorage.setItem(MM_KEPT, String(v)); }} />}
        </div>
        <p class={filters.length ? 'note warn' : 'muted'} role="status"><strong>{paper.speed} mm/s · {paper.gain} mm/mV</strong> {filters.length ? words('ecg.filtered', { names: namesOf(filters) }) : words('ecg.unfiltered')}{useless.length > 0 && ` ${words('ecg.cannotFilter', { rate: Math.round(ecg.rateHz * 10) / 10, names: namesOf(useless) })}`}{ecg.deviceFilter && ` ${words('ecg.device', { filter: ecg.deviceFilter })}`}</p>
        {ecg.warnings.map((w) => <p key={w} class="note warn">{words(`ecg.${w}`)}</p>)}
        <Sheets ecg={seen} offsets={offsets} sheet={sheet} paper={paper} fixedPerMm={trueSize ? perMm : null} measuring={measuring} label={label} />
        {lastFrom(ecg) > 0 && <TimeBar from={paper.from} seconds={lengthOf(ecg) / ecg.rateHz} last={lastFrom(ecg)} onChange={(from) => set({ from })} />}
        <p class="muted">{factsOf(ecg)}{ecg.startedAt && ` · ${ecg.startedAt.replace('T', ' ')}`} · {words('ecg.centred')}</p>
    </div>;
}

function Choice<T extends string | number>({ label, value, options, onChange }: { label: string; value: T; options: [T, string][]; onChange(v: T): void }): JSX.Element {
    return <label class="viewers-slider">{label}<select value={String(value)} onChange={(e) => { const found = options.find(([v]) => String(v) === e.currentTarget.value); if (found) onChange(found[0]); }}>{options.map(([v, text]) => <option key={v} value={String(v)}>{text}</option>)}</select></label>;
}

/** The paper as wide as its place, or in true millimetres. */
function Sheets({ ecg, offsets, sheet, paper, fixedPerMm, measuring, label }: { ecg: Ecg; offsets: number[]; sheet: Sheet; paper: Paper; fixedPerMm: number | null; measuring: boolean; label: string }): JSX.Element {
    const place = useRef<HTMLDivElement>(null);
    const canvas = useRef<HTMLCanvasElement>(null);
    const [room, setRoom] = useState(0);
    const [kept, setKept] = useState<{ span: Span | null; paper: Paper }>({ span: null, paper });
    const span = kept.paper === paper ? kept.span : null; // another paper: what was measured stands elsewhere
    useEffect(() => {
        const observer = new ResizeObserver(() => setRoom(place.current?.clientWidth ?? 0));
        observer.observe(place.current!);
        return () => observer.disconnect();
    }, []);
    const LEAST_PER_MM = 2; // narrower, and the millimetres are lost: then it scrolls
    const fitting = Math.max(LEAST_PER_MM, room / sheet.width);
    const ratio = Math.min(window.devicePixelRatio || 1, MOST_CANVAS_PX / (sheet.width * (fixedPerMm ?? fitting)));
    const perMm = fixedPerMm ?? Math.max(1, Math.floor(fitting * ratio * 5)) / 5 / ratio; // five millimetres are whole pixels: an even grid
    useEffect(() => {
        const c = canvas.current;
        if (!c || room === 0) return;
        c.width = Math.round(sheet.width * perMm * ratio);
        c.height = Math.round(sheet.height * perMm * ratio);
        drawSheet(c.getContext('2d')!, ecg, offsets, sheet, paper, perMm * ratio);
    }, [ecg, offsets, sheet, perMm, ratio, room]);
    const size = { width: `${sheet.width * perMm}px`, height: `${sheet.height * perMm}px` };
    return <>{measuring && <Reading span={span} paper={paper} />}<div ref={place} class="viewers-paper" tabIndex={0} role="region" aria-label={label}><div class="viewers-sheet" style={{ width: size.width }}>
        <canvas ref={canvas} style={size} role="img" aria-label={words('ecg.picture', { label, speed: paper.speed, gain: paper.gain, leads: sheet.cells.map((c) => ecg.leads[c.lead]!.name).join(' ') })} />
        {measuring && <Calipers span={span} sheet={sheet} paper={paper} perMm={perMm} onSpan={(change) => setKept((k) => ({ paper, span: change(k.paper === paper ? k.span : null) }))} />}
    </div></div></>;
}

/** By whole seconds, and to the very end. */
function TimeBar({ from, seconds, last, onChange }: { from: number; seconds: number; last: number; onChange(s: number): void }): JSX.Element {
    const clock = (s: number): string => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
    const step = (by: number): void => onChange(Math.min(last, Math.max(0, from + by)));
    return <div class="viewers-bar"><Button onClick={() => step(-PAGE_SECONDS)}>{words('ecg.earlier')}</Button>
        <label class="viewers-slider wide">{words('ecg.at', { from: clock(from), of: clock(seconds) })}<input type="range" min="0" max={Math.ceil(last)} value={Math.ceil(from)} onInput={(e) => onChange(Math.min(last, Number(e.currentTarget.value)))} /></label>
        <Button onClick={() => step(PAGE_SECONDS)}>{words('ecg.later')}</Button></div>;
}

/** A card held to the screen says how large a millimetre is here. */
function Calibrate({ perMm, onChange }: { perMm: number; onChange(v: number): void }): JSX.Element {
    const [open, setOpen] = useState(false);
    return <><Button onClick={() => setOpen(true)}>{words('ecg.calibrate')}</Button>
        <Dialog open={open} title={words('ecg.calibrate')} onClose={() => setOpen(false)}>
            <p>{words('ecg.card')}</p>
            <div class="viewers-card" style={{ width: `${CARD_MM * perMm}px`, height: `${53.98 * perMm}px` }} />
            <label class="viewers-slider wide">{words('ecg.cardWidth')}<input type="range" min="2" max="12" step="0.01" value={perMm} onInput={(e) => onChange(Number(e.currentTarget.value))} /></label>
            <div class="buttons"><Button look="primary" onClick={() => setOpen(false)}>{common('ok')}</Button><Button onClick={() => onChange(CSS_PX_PER_MM)}>{words('resetLook')}</Button></div>
        </Dialog></>;
}
