// SPDX-License-Identifier: Apache-2.0
// One's own consultations, thousands of them: pages come while one scrolls or searches, rows exist only where seen.
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { StateWords, patientWords, watchCases } from '../case/case';
import { common } from '../text/common';
import { when } from '../text/text';
import { Button, Choices, Field, VirtualList, errorText } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { usePages } from './paging';
import { words } from './text';
import './specialist.css';

type Which = 'active' | 'all';
const ROW_PX = 84;

/** Newest first; `active`: only those where something is still to happen. */
export async function loadCases(active: boolean, cursor: string | undefined): Promise<{ items: Consultation[]; cursor?: string | undefined }> {
    const { consultations, cursor: next, more } = await server.call('consultation.list', { limit: 50, ...(active ? { active } : {}), ...(cursor ? { cursor } : {}) });
    return { items: consultations, cursor: more ? next : undefined };
}

function matches(c: Consultation, wanted: string): boolean {
    return [c.patient?.name, c.complaint, c.applicant.name, c.applicant.institution.name, c.id].some((text) => text?.toLowerCase().includes(wanted));
}

function Row({ c }: { c: Consultation }): JSX.Element {
    return <a class="specialist-row specialist-fixed" href={`#/consult/${c.id}`}>
        <span class="specialist-row-main"><strong>{patientWords(c.patient) || common(`kind.${c.kind}`)}</strong> <span class="specialist-cut muted">{c.complaint ?? ''}</span></span>
        <span class="specialist-row-main"><span class="specialist-cut muted">{when(c.submittedAt)} · {c.applicant.institution.name}</span><span class="specialist-row-side"><span class="tag">{common(`kind.${c.kind}`)}</span> <StateWords consultation={c} /></span></span>
    </a>;
}

export function Cases(): JSX.Element {
    const [which, setWhich] = useState<Which>('active');
    const [typed, setTyped] = useState('');
    const pages = usePages((cursor) => loadCases(which === 'active', cursor), [which]);
    useEffect(() => {
        const off = [watchCases((c) => pages.change((items) => (items.some((i) => i.id === c.id) ? items.map((i) => (i.id === c.id && i.revision <= c.revision ? c : i)) : items))), server.onReload(pages.refresh)];
        return () => off.forEach((f) => f());
    }, []);
    const wanted = typed.trim().toLowerCase();
    const shown = useMemo(() => (wanted ? pages.items.filter((c) => matches(c, wanted)) : pages.items), [pages.items, wanted]);
    useEffect(() => { if (wanted && pages.more && !pages.loading) pages.next(); }, [wanted, pages.items, pages.loading]); // a search looks at all of them
    return <>
        <h1>{words('cases')} <span class="tag" role="status">{pages.more ? words('loadedCount', { n: pages.items.length }) : words('allLoaded', { n: pages.items.length })}</span></h1>
        <div class="specialist-filters">
            <Choices label={words('filter')} value={which} options={[['active', words('casesActive')], ['all', words('casesAll')]]} onChange={(w) => setWhich(w)} />
            <Field label={words('searchCases')}><input type="search" value={typed} onInput={(e) => setTyped(e.currentTarget.value)} /></Field>
        </div>
        {pages.error !== null && <div class="note bad" role="alert">{errorText(pages.error)} <Button onClick={pages.next}>{common('retry')}</Button></div>}
        {shown.length > 0 ? <VirtualList items={shown} height={ROW_PX} label={words('cases')} row={(c) => <Row c={c} />} onEnd={pages.next} />
            : <p class="note" role="status">{pages.loading ? common('loading') : words(wanted ? 'noFound' : 'noCases')}</p>}
    </>;
}
