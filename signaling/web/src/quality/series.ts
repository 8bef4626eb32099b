// SPDX-License-Identifier: Apache-2.0
// Groups of the wire's statistics put together: sums, shares, one dimension at a time, weeks and months. Pure.
import type { Result } from '../wire/connection';

export type Answer = Result<'statistics.get'>;
export type Group = Answer['groups'][number];
export type By = 'level' | 'institution' | 'specialty' | 'kind' | 'week';

export interface Wait { count: number; mean_s: number; p50_s: number; p90_s: number }
export interface Total {
    cases: number; refusals: number; interruptions: number; interruptedCases: number;
    calls: number; soundOnly: number; transfersKnown: number; transfersAvoided: number;
    agrees: number; agrees_in_part: number; differs: number; unknown: number;
    states: Record<string, number>;
}

const NONE: Omit<Total, 'states'> = { cases: 0, refusals: 0, interruptions: 0, interruptedCases: 0, calls: 0, soundOnly: 0, transfersKnown: 0, transfersAvoided: 0, agrees: 0, agrees_in_part: 0, differs: 0, unknown: 0 };

export function totalOf(groups: Group[]): Total {
    const t: Total = { ...NONE, states: {} };
    for (const g of groups) {
        t.cases += g.cases;
        t.refusals += g.refusals;
        t.interruptions += g.interruptions;
        t.interruptedCases += g.interruptedCases;
        t.calls += g.calls.count;
        t.soundOnly += g.calls.soundOnly;
        t.transfersKnown += g.transfers.known;
        t.transfersAvoided += g.transfers.avoided;
        t.agrees += g.concordance.agrees;
        t.agrees_in_part += g.concordance.agrees_in_part;
        t.differs += g.concordance.differs;
        t.unknown += g.concordance.unknown;
        for (const [state, n] of Object.entries(g.states)) t.states[state] = (t.states[state] ?? 0) + Number(n);
    }
    return t;
}

/** 0 to 100, one decimal; null: nothing to divide by. */
export function share(part: number, of: number): number | null {
    return of > 0 ? Math.round((part / of) * 1000) / 10 : null;
}

/** Cases by one dimension, most first; a group without it counts under "". */
export function byDimension(groups: Group[], by: By): { key: string; total: Total }[] {
    const sorted = new Map<string, Group[]>();
    for (const g of groups) {
        const key = String(g[by] ?? '');
        sorted.set(key, [...(sorted.get(key) ?? []), g]);
    }
    return [...sorted].map(([key, some]) => ({ key, total: totalOf(some) })).sort((a, b) => b.total.cases - a.total.cases || a.key.localeCompare(b.key));
}

/** Only of an answer that was asked without `by`: medians of several groups can't be put together. */
export function waitsOf(answer: Answer): { state: string; wait: Wait }[] {
    const [group] = answer.groups;
    if (!group || answer.groups.length > 1) return [];
    return Object.entries(group.waits as Record<string, Wait>).map(([state, wait]) => ({ state, wait })).filter((w) => w.wait.count > 0).sort((a, b) => b.wait.p90_s - a.wait.p90_s);
}

const DAY_MS = 86_400_000;
const WEEKS_MAX = 26; // more become months

/** Monday of a day, both as YYYY-MM-DD. */
export function mondayOf(day: string): string {
    const at = Date.parse(`${day}T00:00:00Z`);
    return new Date(at - ((Math.floor(at / DAY_MS) + 3) % 7) * DAY_MS).toISOString().slice(0, 10);
}

function weeksBetween(first: string, last: string): string[] {
    const weeks: string[] = [];
    for (let at = Date.parse(`${mondayOf(first)}T00:00:00Z`); at <= Date.parse(`${last}T00:00:00Z`); at += 7 * DAY_MS) weeks.push(new Date(at).toISOString().slice(0, 10));
    return weeks;
}

/** Groups by week -> one total a week, weeks without any among them; a long span: one a month (of its Mondays). */
export function overTime(groups: Group[], first: string, last: string): { by: 'week' | 'month'; steps: { from: string; total: Total }[] } {
    const weeks = weeksBetween(first, last);
    const by = weeks.length > WEEKS_MAX ? 'month' : 'week';
    const keyOf = (week: string): string => (by === 'week' ? week : `${week.slice(0, 7)}-01`);
    const sorted = new Map<string, Group[]>(weeks.map((week) => [keyOf(week), []]));
    for (const g of groups) {
        const key = keyOf(g.week ?? '');
        sorted.set(key, [...(sorted.get(key) ?? []), g]);
    }
    return { by, steps: [...sorted].sort(([a], [b]) => a.localeCompare(b)).map(([from, some]) => ({ from, total: totalOf(some) })) };
}

/** Local dates (YYYY-MM-DD), the last one included -> instants; null: no span, or longer than three years. */
export function spanOf(first: string, last: string): { from: Date; until: Date } | null {
    const from = new Date(`${first}T00:00:00`), end = new Date(`${last}T00:00:00`);
    if (!first || !last || Number.isNaN(from.getTime()) || Number.isNaN(end.getTime()) || end < from) return null;
    const until = new Date(end.getFullYear(), end.getMonth(), end.getDate() + 1);
    return until.getTime() - from.getTime() > 1100 * DAY_MS ? null : { from, until };
}

/** Round numbers from 0 to at least `max`, for an axis. */
export function ticksOf(max: number, count = 4): number[] {
    if (max <= 0) return [0, 1];
    const rough = max / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? rough;
    return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

export interface Point { x: number; y: number | null }

/** Runs of points without a gap: a null, or a step of x wider than `gap`, ends a run. */
export function runsOf(points: Point[], gap = Infinity): { x: number; y: number }[][] {
    const runs: { x: number; y: number }[][] = [];
    let run: { x: number; y: number }[] = [];
    for (const p of points) {
        const last = run.at(-1);
        if (p.y === null || (last && p.x - last.x > gap)) {
            if (run.length) runs.push(run);
            run = [];
        }
        if (p.y !== null) run.push({ x: p.x, y: p.y });
    }
    if (run.length) runs.push(run);
    return runs;
}
