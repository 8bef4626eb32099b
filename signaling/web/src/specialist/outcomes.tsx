// SPDX-License-Identifier: Apache-2.0
// What became of one's patients: the final diagnosis beside one's opinion, and whether a transfer was spared.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { keep } from '../app/session';
import { patientWords, watchCases } from '../case/case';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, VirtualList, errorText } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { loadCases } from './cases';
import { usePages } from './paging';
import { words } from './text';
import './specialist.css';

type Entry = NonNullable<Consultation['entries']>[number];
interface Feedback { c: Consultation; entry: Entry }
const ROW_PX = 144;
const CONCORDANCES = ['agrees', 'agrees_in_part', 'differs', 'unknown'] as const;
const LOOKS = { agrees: 'good', agrees_in_part: '', differs: 'urgent', unknown: '' } as const;
const SEEN = 'outcomes.seen'; // RFC 3339 of the newest one that was looked at

/** The last outcome of each, newest first. */
function feedbackOf(all: Consultation[]): Feedback[] {
    return all.flatMap((c) => {
        const entry = (c.entries ?? []).filter((e) => e.kind === 'outcome').pop();
        return entry ? [{ c, entry }] : [];
    }).sort((a, b) => b.entry.at.localeCompare(a.entry.at));
}

function Row({ of: { c, entry }, isNew }: { of: Feedback; isNew: boolean }): JSX.Element {
    const how = entry.concordance ?? 'unknown';
    return <a class="specialist-row specialist-fixed" href={`#/consult/${c.id}`}>
        <span class="specialist-row-main">{isNew && <span class="tag emergency">{words('isNew')}</span>} <strong>{patientWords(c.patient)}</strong> <span class="specialist-cut muted">{c.complaint}</span></span>
        <span class="specialist-two-lines">{entry.text}</span>
        <span class="specialist-row-main"><span class={`tag ${LOOKS[how]}`}>{words(`concordance.${how}`)}</span> <span class="tag">{words(entry.avoidedTransfer ? 'avoided' : 'transferred')}</span> <span class="muted specialist-cut">{when(entry.at)} · {c.applicant.institution.name}</span></span>
    </a>;
}

function Counts({ list }: { list: Feedback[] }): JSX.Element {
    const avoided = list.filter((f) => f.entry.avoidedTransfer).length;
    return <ul class="specialist-counts" aria-label={words('outcomeCount', { n: list.length })}>
        {CONCORDANCES.map((k) => <li key={k}><strong>{list.filter((f) => (f.entry.concordance ?? 'unknown') === k).length}</strong> {words(`concordance.${k}`)}</li>)}
        <li><strong>{avoided}</strong> {words('avoided')}</li>
    </ul>;
}

export function Outcomes(): JSX.Element {
    const pages = usePages((cursor) => loadCases(false, cursor), []);
    const [seen, setSeen] = useState<string | null>(null);
    const list = feedbackOf(pages.items);
    const newest = list[0]?.entry.at;
    useEffect(() => { void keep.value?.get<string>(SEEN).then((at) => setSeen(at ?? '')); }, []);
    useEffect(() => { if (newest && !pages.more) void keep.value?.put(SEEN, newest); }, [newest, pages.more]);
    useEffect(() => { if (pages.more && !pages.loading && pages.error === null) pages.next(); }, [pages.items, pages.loading]); // they lie anywhere among the cases
    useEffect(() => watchCases((c) => { if (c.state === 'outcome_recorded') pages.change((items) => (items.some((i) => i.id === c.id) ? items.map((i) => (i.id === c.id ? c : i)) : [c, ...items])); }), []);
    return <>
        <h1>{words('outcomes')} <span class="tag" role="status">{words('outcomeCount', { n: list.length })}{pages.loading ? '…' : ''}</span></h1>
        {pages.error !== null && <div class="note bad" role="alert">{errorText(pages.error)} <Button onClick={pages.next}>{common('retry')}</Button></div>}
        {list.length > 0 && <Counts list={list} />}
        {list.length > 0 ? <VirtualList items={list} height={ROW_PX} label={words('outcomes')} row={(f) => <Row of={f} isNew={seen !== null && f.entry.at > seen} />} />
            : <p class="note" role="status">{pages.loading ? common('loading') : words('noOutcomes')}</p>}
    </>;
}
