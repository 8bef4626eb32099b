// SPDX-License-Identifier: Apache-2.0
// One case on one screen for whoever decides where it goes: facts, what is missing, what can be done now, people,
// course. Which side agrees follows from who asks; the server says no where it is not the caller's turn.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { account } from '../app/session';
import { CaseFacts, CaseMembers, CaseNext, CaseTimeline, OPINION, OVER, StateWords, useCase } from '../case/case';
import { OpinionReader } from '../opinion/reader';
import { Loaded, useLoad } from '../ui/ui';
import { MaterialList } from '../viewers/view';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { Acts } from './acts';
import { lookThrough, missing } from './completeness';
import { Members } from './members';
import { words } from './text';
import './coordinator.css';

/** What the case holds beside its own members: materials and consents, as far as this account may see them. */
async function loadKnown(id: string): Promise<{ materials: number | undefined; consent: boolean | undefined }> {
    const [materials, consent] = await Promise.all([
        server.call('material.list', { consultationId: id }).then((r) => r.materials.length, () => undefined),
        server.call('consent.get', { consultationId: id }).then((r) => r.allows.care || r.allows.share, () => undefined),
    ]);
    return { materials, consent };
}

function Completeness({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const known = useLoad(() => loadKnown(c.id), [c.id, c.revision]).value ?? { materials: undefined, consent: undefined };
    const looked = lookThrough(c, known);
    const needed = missing(looked.filter((l) => l.needed));
    return <section class="card" aria-label={words('completeness')}>
        <h2>{words('completeness')}</h2>
        <p role="status" class={`note ${needed.length ? 'warn' : 'good'}`}>{needed.length ? words('lacks', { parts: needed.map((p) => words(`part.${p}`)).join('、') }) : words('complete')}</p>
        <details open={needed.length > 0}><summary>{words('allParts')}</summary><ul class="coordinator-parts">{looked.map((l) => <li key={l.part} class={l.there === false && l.needed ? 'missing' : ''}>
            <span aria-hidden="true">{l.there === undefined ? '…' : l.there ? '✓' : '✗'}</span> {words(`part.${l.part}`)}{' '}
            <span class="muted">{l.there === undefined ? words('unknownYet') : l.there ? words('there') : l.needed ? words('isNeeded') : words('wouldHelp')}</span></li>)}</ul></details>
    </section>;
}

function Whole({ consultation: c }: { consultation: Consultation }): JSX.Element {
    return <div class="split">
        <div>
            <section class="card"><CaseFacts consultation={c} /></section>
            <section class="card"><h2>{words('materials')}</h2><MaterialList consultationId={c.id} /></section>
            {OPINION.has(c.state) && c.kind !== 'guidance' && <section class="card"><OpinionReader consultationId={c.id} /></section>}
            <section class="card"><h2>{words('course')}</h2><CaseTimeline consultation={c} /></section>
        </div>
        <div>
            {c.complaint !== undefined && !OVER.has(c.state) && <Completeness consultation={c} />}
            <section class="card" aria-label={words('now')}><CaseNext consultation={c} /><Acts consultation={c} /></section>
            <section class="card"><h2>{words('people')}</h2><CaseMembers consultation={c} /><Members consultation={c} /></section>
        </div>
    </div>;
}

const RINGING: ReadonlySet<Consultation['state']> = new Set(['triaged', 'routed']);
const LOOK_MS = 5000;
const SOON_MS = 10 * 60_000;

/** Coordinators are told when it is their turn; whoever looks on while it rings wants to see who takes it. */
function useLookOn(c: Consultation | undefined, again: () => void): void {
    const look = useRef(again);
    look.current = again;
    const rings = c !== undefined && RINGING.has(c.state) && c.deadlineAt !== undefined && Date.parse(c.deadlineAt) - Date.now() < SOON_MS;
    useEffect(() => {
        if (!rings) return;
        const timer = setInterval(() => { if (!document.hidden && server.state.value === 'ready') look.current(); }, LOOK_MS);
        return () => clearInterval(timer);
    }, [rings]);
}

export function Intake({ rest }: { rest: string[] }): JSX.Element {
    const live = useCase(rest[0] ?? '');
    useLookOn(live.value, live.again);
    return <>
        <p><a href="#/incoming">← {words('incoming')}</a></p>
        <Loaded of={live}>{(c) => <>
            <h1>{c.applicant.institution.name} <StateWords consultation={c} /></h1>
            {c.applicant.institution.id === account.value?.institution.id && <p class="muted">{words('ownSide')}</p>}
            <Whole consultation={c} />
        </>}</Loaded>
    </>;
}
