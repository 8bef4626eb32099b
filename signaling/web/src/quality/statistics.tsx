// SPDX-License-Identifier: Apache-2.0
// Numbers of many consultations, of one's institution and those below it, as plots that are tables too, and as CSV.
// Nothing of a single patient comes here.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { account } from '../app/session';
import { loadSpecialties, spanWords } from '../case/case';
import { common } from '../text/common';
import { language } from '../text/text';
import { Button, Field, Loaded, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { InstitutionChoice, namesOf } from './institution';
import { BarPlot, LinePlot } from './plot';
import { byDimension, overTime, share, spanOf, totalOf, waitsOf, type Answer, type By, type Total } from './series';
import { words } from './text';
import './quality.css';

interface Asked { institution: string; first: string; last: string; from: Date; until: Date }
interface Book { whole: Answer; detail: Answer; time: ReturnType<typeof overTime>; names: Map<string, string>; specialties: Awaited<ReturnType<typeof loadSpecialties>> }

const DIMENSIONS = ['kind', 'specialty', 'level', 'institution'] as const;
const BARS_MAX = 15;

function dateText(d: Date): string {
    return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`;
}

function ask(a: Asked, by: readonly By[]): Promise<Answer> {
    return server.call('statistics.get', { institutionId: a.institution, from: a.from.toISOString(), until: a.until.toISOString(), by: [...by] });
}

async function load(a: Asked): Promise<Book> {
    const [whole, detail, weeks, specialties] = await Promise.all([ask(a, []), ask(a, DIMENSIONS), ask(a, ['week']), loadSpecialties()]);
    const ids = byDimension(detail.groups, 'institution').slice(0, BARS_MAX).map((d) => d.key);
    return { whole, detail, time: overTime(weeks.groups, a.first, a.last), names: await namesOf(ids), specialties };
}

function nameOf(book: Book, by: By, key: string): string {
    if (!key) return words('notGiven');
    if (by === 'kind') return common(`kind.${key as Consultation['kind']}`);
    if (by === 'level') return words(`level.${key as '1'}`);
    if (by === 'specialty') {
        const found = book.specialties.find((s) => s.id === key);
        return found ? (language.value === 'en' ? found.en : found.zh) : key;
    }
    return book.names.get(key) ?? key;
}

function Figures({ total: t, waits }: { total: Total; waits: ReturnType<typeof waitsOf> }): JSX.Element {
    const percent = (part: number, of: number): string => { const s = share(part, of); return s === null ? '–' : `${s} %`; };
    const wait = waits.find((w) => w.state === 'routed')?.wait;
    const figures: [string, string, string][] = [
        [words('cases'), String(t.cases), ''],
        [words('answeredIn'), wait ? spanWords(wait.p50_s * 1000) : '–', wait ? words('p90', { time: spanWords(wait.p90_s * 1000) }) : ''],
        [words('refusals'), String(t.refusals), percent(t.refusals, t.cases)],
        [words('interrupted'), percent(t.interruptedCases, t.calls), words('ofCalls', { n: t.calls })],
        [words('soundOnly'), percent(t.soundOnly, t.calls), words('ofCalls', { n: t.calls })],
        [words('avoided'), percent(t.transfersAvoided, t.transfersKnown), words('ofKnown', { n: t.transfersKnown })],
    ];
    return <dl class="quality-figures">{figures.map(([name, value, more]) => <div key={name} class="card"><dt>{name}</dt><dd>{value}{more && <small class="muted"> {more}</small>}</dd></div>)}</dl>;
}

function Plots({ book }: { book: Book }): JSX.Element {
    const total = totalOf(book.detail.groups), waits = waitsOf(book.whole);
    const stepName = (x: number): string => new Intl.DateTimeFormat(language.value, { timeZone: 'UTC', ...(book.time.by === 'week' ? { month: 'short', day: 'numeric' } : { year: '2-digit', month: 'short' }) }).format(new Date(x));
    const over = (of: (t: Total) => number | null): { x: number; y: number | null }[] => book.time.steps.map((s) => ({ x: Date.parse(`${s.from}T00:00:00Z`), y: of(s.total) }));
    const step = words(`step.${book.time.by}`);
    return <>
        <Figures total={total} waits={waits} />
        <div class="quality-plots">
            <LinePlot title={words('overTime')} unit={`${words('unitCases')} · ${step}`} nameOf={stepName} series={[{ name: words('cases'), points: over((t) => t.cases) }, { name: words('refusals'), points: over((t) => t.refusals) }]} />
            <LinePlot title={words('callsOverTime')} unit={`% · ${step}`} nameOf={stepName} series={[{ name: words('interrupted'), points: over((t) => share(t.interruptedCases, t.calls)) }, { name: words('soundOnly'), points: over((t) => share(t.soundOnly, t.calls)) }]} />
            {DIMENSIONS.map((by) => <BarPlot key={by} title={words(`by.${by}`)} unit={words('unitCases')} bars={byDimension(book.detail.groups, by).slice(0, BARS_MAX).map((d) => ({ name: nameOf(book, by, d.key), value: d.total.cases }))} />)}
            <BarPlot title={words('waits')} unit={words('unitMinutes')} bars={waits.map(({ state, wait }) => ({ name: common(`state.${state as Consultation['state']}`), value: Math.round(wait.p50_s / 6) / 10, note: words('p90', { time: spanWords(wait.p90_s * 1000) }) }))} />
            <BarPlot title={words('concordance')} unit={words('unitCases')} bars={(['agrees', 'agrees_in_part', 'differs', 'unknown'] as const).map((k) => ({ name: words(`concordance.${k}`), value: total[k] }))} />
            <BarPlot title={words('states')} unit={words('unitCases')} bars={Object.entries(total.states).sort((a, b) => b[1] - a[1]).map(([state, n]) => ({ name: common(`state.${state as Consultation['state']}`), value: n }))} />
        </div>
    </>;
}

function csvAddress(a: Asked, by: readonly By[]): string {
    const query = new URLSearchParams({ from: a.from.toISOString(), until: a.until.toISOString(), institution: a.institution, format: 'csv' });
    by.forEach((b) => query.append('by', b));
    return `/statistics?${query.toString()}`;
}

const PRESETS: [string, number][] = [['last30', 30], ['last90', 90], ['lastYear', 365]];

function firstAsked(): { first: string; last: string } {
    const now = new Date();
    return { first: dateText(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 89)), last: dateText(now) };
}

export function Statistics(): JSX.Element {
    const [dates, setDates] = useState(firstAsked);
    const [institution, setInstitution] = useState(account.value!.institution.id);
    const span = spanOf(dates.first, dates.last);
    const [asked, setAsked] = useState<Asked>(() => ({ institution, ...dates, ...spanOf(dates.first, dates.last)! }));
    const book = useLoad(() => load(asked), [asked]);
    const preset = (days: number): void => {
        const now = new Date();
        const wanted = { first: dateText(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days + 1)), last: dateText(now) };
        setDates(wanted);
        setAsked({ institution, ...wanted, ...spanOf(wanted.first, wanted.last)! });
    };
    return <>
        <h1>{words('statistics')}</h1>
        <form class="card" onSubmit={(e) => { e.preventDefault(); if (span) setAsked({ institution, ...dates, ...span }); }}>
            <div class="buttons quality-presets">{PRESETS.map(([name, days]) => <Button key={name} onClick={() => preset(days)}>{words(name as 'last30')}</Button>)}</div>
            <div class="quality-filters">
                <Field label={words('firstDay')}><input type="date" required value={dates.first} onInput={(e) => setDates({ ...dates, first: e.currentTarget.value })} /></Field>
                <Field label={words('lastDay')} wrong={span ? undefined : words('badSpan')}><input type="date" required value={dates.last} onInput={(e) => setDates({ ...dates, last: e.currentTarget.value })} /></Field>
                <InstitutionChoice value={institution} onChange={setInstitution} />
            </div>
            <div class="buttons"><Button look="primary" submit disabled={!span}>{words('show')}</Button>{span && <a class="button" href={csvAddress({ institution, ...dates, ...span }, DIMENSIONS)} download="statistics.csv">{words('csv')}</a>}</div>
        </form>
        <Loaded of={book}>{(b) => (b.whole.cases === 0 ? <p class="note">{words('noCases')}</p> : <Plots book={b} />)}</Loaded>
    </>;
}
