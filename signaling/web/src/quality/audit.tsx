// SPDX-License-Identifier: Apache-2.0
// The audit log of one's institution or one below it: who did and saw what, newest first, a page at a time. Looking
// leaves a row, too. Filters stay in this page: ids don't go into the address.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { account } from '../app/session';
import { language } from '../text/text';
import { Button, Field, errorText } from '../ui/ui';
import type { Params, Result } from '../wire/connection';
import { server } from '../wire/server';
import { InstitutionChoice } from './institution';
import { words } from './text';
import './quality.css';

type Row = Result<'audit.list'>['rows'][number];
interface Filter { institution: string; object: string; account: string; from: string; until: string }
interface Found { rows: Row[]; next: number | undefined; filter: Filter }

const GROUPS = ['account', 'audit', 'auth', 'consent', 'consultation', 'duty', 'exchange', 'fhir', 'link', 'material', 'media', 'opinion', 'operator', 'referral', 'retention', 'room', 'roster', 'schedule', 'session', 'statistics', 'worklist'] as const;

function groupWords(act: string): string {
    const group = GROUPS.find((g) => act.startsWith(`${g}.`));
    return group ? words(`act.${group}`) : '';
}

function paramsOf(f: Filter, before?: number): Params<'audit.list'> {
    return {
        institutionId: f.institution,
        ...(f.object.trim() ? { objectId: f.object.trim() } : {}),
        ...(f.account.trim() ? { accountId: f.account.trim() } : {}),
        ...(f.from ? { from: new Date(f.from).toISOString() } : {}),
        ...(f.until ? { until: new Date(f.until).toISOString() } : {}),
        ...(before ? { before } : {}),
    };
}

function seconds(at: string): string {
    return new Intl.DateTimeFormat(language.value, { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(new Date(at));
}

/** A person by name, where the directory has one; the id stays beside it, for that is what the chain holds. */
function Who({ id, name, onOnly }: { id: string; name: string | undefined; onOnly(): void }): JSX.Element {
    return <>{name && <span class="quality-person">{name} </span>}<button type="button" class="quality-id" title={words('onlyThis')} onClick={onOnly}>{id}</button></>;
}

function Rows({ rows, narrow }: { rows: Row[]; narrow(part: Partial<Filter>): void }): JSX.Element {
    return <div class="quality-scroll tall" tabIndex={0}><table class="quality-audit"><caption class="sr">{words('audit')}</caption><thead><tr>{(['number', 'at', 'accountId', 'act', 'objectId', 'detail'] as const).map((c) => <th key={c} scope="col">{words(`column.${c}`)}</th>)}</tr></thead>
        <tbody>{rows.map((r) => <tr key={r.number}><td>{r.number}</td><td>{seconds(r.at)}</td>
            <td>{r.accountId ? <Who id={r.accountId} name={r.accountName} onOnly={() => narrow({ account: r.accountId })} /> : <span class="muted">{words('system')}</span>}</td>
            <td>{groupWords(r.act)} <code>{r.act}</code></td>
            <td>{r.objectId && <Who id={r.objectId} name={r.objectName} onOnly={() => narrow({ object: r.objectId })} />}</td><td>{r.detail}</td></tr>)}</tbody></table></div>;
}

/** Of what was found: the wire knows no search by act. */
function ActChoice({ rows, value, onChange }: { rows: Row[]; value: string; onChange(act: string): void }): JSX.Element {
    const counts = new Map<string, number>();
    for (const r of rows) counts.set(r.act, (counts.get(r.act) ?? 0) + 1);
    return <Field label={words('onlyAct')}><select value={value} onChange={(e) => onChange(e.currentTarget.value)}>
        <option value="">{words('allActs')}</option>
        {[...counts].sort(([a], [b]) => a.localeCompare(b)).map(([act, n]) => <option key={act} value={act}>{`${groupWords(act)} ${act} (${n})`}</option>)}</select></Field>;
}

export function Audit(): JSX.Element {
    const [filter, setFilter] = useState<Filter>({ institution: account.value!.institution.id, object: '', account: '', from: '', until: '' });
    const [found, setFound] = useState<Found | null>(null);
    const [error, setError] = useState<unknown>(null);
    const [act, setAct] = useState(''); // one of those that were found
    const set = (part: Partial<Filter>): void => setFilter((f) => ({ ...f, ...part }));
    const backward = Boolean(filter.from && filter.until && filter.until <= filter.from);
    const search = async (wanted: Filter): Promise<void> => {
        setError(null);
        try {
            const reply = await server.call('audit.list', paramsOf(wanted));
            setFound({ rows: reply.rows, next: reply.next, filter: wanted });
            setAct((a) => (reply.rows.some((r) => r.act === a) ? a : ''));
        } catch (e) {
            setError(e);
        }
    };
    const more = async (): Promise<void> => {
        const reply = await server.call('audit.list', paramsOf(found!.filter, found!.next));
        setFound({ ...found!, rows: [...found!.rows, ...reply.rows], next: reply.next });
    };
    const narrow = (part: Partial<Filter>): void => {
        const wanted = { ...filter, ...part };
        setFilter(wanted);
        void search(wanted);
    };
    const shown = found ? found.rows.filter((r) => !act || r.act === act) : [];
    return <>
        <h1>{words('audit')}</h1>
        <form class="card" onSubmit={(e) => { e.preventDefault(); if (!backward) void search(filter); }}>
            <div class="quality-filters">
                <Field label={words('object')} hint={words('objectHint')}><input maxLength={39} pattern="[A-Za-z0-9_.\-]*" value={filter.object} onInput={(e) => set({ object: e.currentTarget.value })} /></Field>
                <Field label={words('account')}><input maxLength={39} pattern="[A-Za-z0-9_.\-]*" value={filter.account} onInput={(e) => set({ account: e.currentTarget.value })} /></Field>
                <Field label={words('from')}><input type="datetime-local" value={filter.from} onInput={(e) => set({ from: e.currentTarget.value })} /></Field>
                <Field label={words('until')} wrong={backward ? words('badSpan') : undefined}><input type="datetime-local" value={filter.until} onInput={(e) => set({ until: e.currentTarget.value })} /></Field>
                <InstitutionChoice value={filter.institution} onChange={(institution) => set({ institution })} />
            </div>
            <Button look="primary" submit disabled={backward}>{words('search')}</Button>
        </form>
        <p class="muted">{words('lookLeavesRow')}</p>
        {error !== null && <div class="note bad" role="alert">{errorText(error)}</div>}
        {found && <>
            {found.rows.length > 0 && <ActChoice rows={found.rows} value={act} onChange={setAct} />}
            <p role="status">{found.rows.length === 0 ? words('noRows') : act ? words('someRows', { n: shown.length, of: found.rows.length }) : words('rows', { n: found.rows.length })}{found.next ? words('thereIsMore') : ''}</p>
            {shown.length > 0 && <Rows rows={shown} narrow={narrow} />}
            {found.next && <Button onClick={more}>{words('older')}</Button>}</>}
    </>;
}
