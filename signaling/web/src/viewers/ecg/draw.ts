// SPDX-License-Identifier: Apache-2.0
// An ECG sheet on a canvas: the millimetre grid, the 1 mV pulse, the curves. Everything is placed in millimetres and
// brought to pixels in one place.
import type { Paper, Sheet } from './layout';
import type { Ecg } from './model';

const INK = { paper: '#fffaf8', fine: '#f7d4ce', coarse: '#e79a8f', trace: '#10131a', label: '#10131a' };
const PULSE_MV = 1;
const PULSE_S = 0.2;

export type Canvas2d = Pick<CanvasRenderingContext2D, 'beginPath' | 'moveTo' | 'lineTo' | 'stroke' | 'fillRect' | 'fillText' | 'strokeText' | 'setTransform'> & { fillStyle: unknown; strokeStyle: unknown; lineWidth: number; font: string; lineJoin: string };

/** `pxPerMm` in pixels of the canvas. */
export function drawSheet(c: Canvas2d, ecg: Ecg, offsets: number[], sheet: Sheet, paper: Paper, pxPerMm: number): void {
    drawGrid(c, sheet, pxPerMm);
    c.strokeStyle = INK.trace;
    c.lineJoin = 'round';
    c.lineWidth = Math.max(1, 0.3 * pxPerMm);
    for (const pulse of sheet.pulses) drawPulse(c, pulse, paper, pxPerMm);
    for (const cell of sheet.cells) {
        const lead = ecg.leads[cell.lead]!;
        drawCurve(c, lead.samples, offsets[cell.lead]!, ecg.rateHz, cell, paper, pxPerMm);
    }
    c.fillStyle = INK.label;
    c.strokeStyle = INK.paper;
    c.lineWidth = 3;
    c.font = `600 ${Math.max(11, 3.6 * pxPerMm)}px sans-serif`;
    for (const cell of sheet.cells) {
        const [x, y] = [(cell.x + 1) * pxPerMm, (cell.y - paper.gain * 0.55) * pxPerMm];
        c.strokeText(ecg.leads[cell.lead]!.name, x, y);
        c.fillText(ecg.leads[cell.lead]!.name, x, y);
    }
}

/** A line every millimetre, a strong one every five; each on whole pixels, so that it is as sharp as paper. */
function drawGrid(c: Canvas2d, sheet: Sheet, pxPerMm: number): void {
    const [width, height] = [Math.round(sheet.width * pxPerMm), Math.round(sheet.height * pxPerMm)];
    c.fillStyle = INK.paper;
    c.fillRect(0, 0, width, height);
    const fine = pxPerMm >= 2; // closer than that the millimetres would be a grey
    for (const coarse of [false, true]) {
        if (!coarse && !fine) continue;
        c.fillStyle = coarse ? INK.coarse : INK.fine;
        const thick = coarse && pxPerMm >= 6 ? 2 : 1;
        for (let mm = 0; mm <= sheet.width; mm++) if ((mm % 5 === 0) === coarse) c.fillRect(Math.round(mm * pxPerMm), 0, thick, height);
        for (let mm = 0; mm <= sheet.height; mm++) if ((mm % 5 === 0) === coarse) c.fillRect(0, Math.round(mm * pxPerMm), width, thick);
    }
}

function drawPulse(c: Canvas2d, at: { x: number; y: number }, paper: Paper, k: number): void {
    const [x, y, w, h] = [at.x * k, at.y * k, PULSE_S * paper.speed * k, PULSE_MV * paper.gain * k];
    const side = Math.max(0, (10 * k - w) / 4);
    c.beginPath();
    [[0, 0], [side, 0], [side, -h], [side + w, -h], [side + w, 0], [2 * side + w, 0]].forEach(([dx, dy], i) => (i ? c.lineTo(x + dx!, y + dy!) : c.moveTo(x, y)));
    c.stroke();
}

/** Where there are more samples than pixels, each pixel shows the least and the greatest: no peak is lost. */
function drawCurve(c: Canvas2d, samples: Float32Array, offset: number, rate: number, cell: { x: number; y: number; from: number; to: number }, paper: Paper, k: number): void {
    const first = Math.max(0, Math.round(cell.from * rate));
    const last = Math.min(samples.length - 1, Math.round(cell.to * rate));
    const xOf = (i: number): number => (cell.x + (i / rate - cell.from) * paper.speed) * k;
    const yOf = (uv: number): number => (cell.y - ((uv - offset) / 1000) * paper.gain) * k;
    const perPixel = rate / (paper.speed * k);
    let down = false;
    const point = (i: number): void => {
        const v = samples[i]!;
        if (Number.isNaN(v)) { down = false; return; }
        if (down) c.lineTo(xOf(i), yOf(v));
        else c.moveTo(xOf(i), yOf(v));
        down = true;
    };
    c.beginPath();
    if (perPixel <= 3) for (let i = first; i <= last; i++) point(i);
    else for (let i = first; i <= last; i += Math.ceil(perPixel)) extremes(samples, i, Math.min(last, i + Math.ceil(perPixel) - 1)).forEach(point);
    c.stroke();
}

/** Places of the least and the greatest, in order. */
function extremes(samples: Float32Array, from: number, to: number): number[] {
    let [low, high] = [from, from];
    for (let i = from; i <= to; i++) {
        if (!(samples[i]! >= samples[low]!)) low = i;
        if (!(samples[i]! <= samples[high]!)) high = i;
    }
    return low === high ? [low] : low < high ? [low, high] : [high, low];
}
