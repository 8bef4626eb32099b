// SPDX-License-Identifier: Apache-2.0
// Where each lead stands on the paper, in millimetres: speed and gain are those of ECG paper, so a second is 25 mm and
// a millivolt 10 mm whatever the screen. Pure sums.
import type { Ecg } from './model';
import { lengthOf } from './model';

export type LayoutName = '3x4' | '6x2' | '12x1' | 'all';

export interface Paper { speed: 25 | 50; gain: 5 | 10 | 20; layout: LayoutName; from: number } // mm/s, mm/mV, s

export interface Cell {
    lead: number; // of the ECG's leads
    x: number; // mm, where its time begins
    y: number; // mm, of zero volts
    from: number; // s
    to: number;
    label: boolean;
}

export interface Sheet { width: number; height: number; cells: Cell[]; pulses: { x: number; y: number }[]; seconds: number } // mm; seconds on the sheet

const STANDARD = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
const COLUMNS: Record<Exclude<LayoutName, 'all'>, number> = { '3x4': 4, '6x2': 2, '12x1': 1 };
const RHYTHM = 'II';
export const PAGE_SECONDS = 10;
export const MARGIN_MM = 5;
export const PULSE_MM = 10; // room for the 1 mV pulse before each row; 200 ms wide at 25 mm/s
const ROW_MV = 2.5; // height of a row at its gain
const TIGHT_ROW_MV = 1.5; // of twelve rows
const LEAST_ROW_MM = 12;
const LEAST_PART_S = 2.4; // of a lead in a layout that somebody opens; the usual 2.5 with some samples missing

/** Leads by name in the usual order; null: not all twelve are there. */
export function twelve(ecg: Ecg): number[] | null {
    const found = STANDARD.map((name) => ecg.leads.findIndex((l) => l.name === name));
    return found.includes(-1) ? null : found;
}

export function layoutsOf(ecg: Ecg): LayoutName[] {
    return twelve(ecg) ? ['3x4', '6x2', '12x1'] : ['all'];
}

/** What it opens with: of the layouts in which every lead has something to show, the densest; of a short ECG all of each lead. */
export function firstLayout(ecg: Ecg): LayoutName {
    const all = layoutsOf(ecg);
    const good = (layout: LayoutName): boolean => sheetOf(ecg, { speed: 25, gain: 10, layout, from: 0 }).cells.every((cell) => cell.to - cell.from >= LEAST_PART_S && hasValues(ecg, cell));
    const long = lengthOf(ecg) / ecg.rateHz >= PAGE_SECONDS * (LEAST_PART_S / 2.5);
    return (long && all.find(good)) || all[all.length - 1]!;
}

function hasValues(ecg: Ecg, { lead, from, to }: Cell): boolean {
    return ecg.leads[lead]!.samples.subarray(Math.round(from * ecg.rateHz), Math.round(to * ecg.rateHz)).some((v) => !Number.isNaN(v));
}

/** Where the last page begins, s; 0: there is but one. */
export function lastFrom(ecg: Ecg): number {
    return Math.max(0, (lengthOf(ecg) - 1) / ecg.rateHz - PAGE_SECONDS);
}

/** A row's millimetres, whole squares of the grid. */
function rowHeight(paper: Paper, rows: number): number {
    const mm = paper.gain * (rows > 8 ? TIGHT_ROW_MV : ROW_MV);
    return Math.max(LEAST_ROW_MM, Math.ceil(mm / 5) * 5);
}

export function sheetOf(ecg: Ecg, paper: Paper): Sheet {
    const standard = paper.layout === 'all' ? null : twelve(ecg);
    const order = standard ?? ecg.leads.map((_, i) => i);
    const columns = standard ? COLUMNS[paper.layout as '3x4'] : 1;
    const total = lengthOf(ecg) / ecg.rateHz;
    const seconds = Math.min(PAGE_SECONDS, Math.max(total - paper.from, 1 / ecg.rateHz));
    const rows: { leads: number[] }[] = Array.from({ length: order.length / columns }, (_, r) => ({ leads: Array.from({ length: columns }, (_, c) => order[c * (order.length / columns) + r]!) }));
    if (paper.layout === '3x4' && standard) rows.push({ leads: [ecg.leads.findIndex((l) => l.name === RHYTHM)] });
    const height = rowHeight(paper, rows.length);
    const sheet: Sheet = { width: 2 * MARGIN_MM + PULSE_MM + PAGE_SECONDS * paper.speed, height: 2 * MARGIN_MM + rows.length * height, cells: [], pulses: [], seconds };
    rows.forEach(({ leads }, r) => {
        const y = MARGIN_MM + (r + 0.5) * height;
        sheet.pulses.push({ x: MARGIN_MM, y });
        const part = seconds / leads.length; // a short ECG has short columns, so that no lead falls out
        leads.forEach((lead, c) => {
            const from = paper.from + c * part;
            sheet.cells.push({ lead, x: MARGIN_MM + PULSE_MM + c * part * paper.speed, y, from, to: from + part, label: true });
        });
    });
    return sheet;
}

/** What two calipers say. Distances in mm on the paper. */
export function measured(dxMm: number, dyMm: number, paper: Pick<Paper, 'speed' | 'gain'>): { ms: number; bpm: number | null; mV: number } {
    const ms = Math.abs(dxMm / paper.speed) * 1000;
    return { ms, bpm: ms > 0 ? 60_000 / ms : null, mV: Math.abs(dyMm) / paper.gain };
}

/** The middle value: a steady offset of the electrodes is not drawn. */
export function median(samples: Float32Array): number {
    const step = Math.max(1, Math.floor(samples.length / 4096));
    const some: number[] = [];
    for (let i = 0; i < samples.length; i += step) if (!Number.isNaN(samples[i]!)) some.push(samples[i]!);
    some.sort((a, b) => a - b);
    return some.length ? some[some.length >> 1]! : 0;
}
