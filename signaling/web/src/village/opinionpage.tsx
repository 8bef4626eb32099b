// SPDX-License-Identifier: Apache-2.0
// The opinion on the screen and on paper: whose it is, what was asked, the text, the facts of the signature; and the
// applicant's word that it was read.
import type { JSX } from 'preact';
import { useCase, patientWords } from '../case/case';
import { OpinionReader } from '../opinion/reader';
import { dated } from '../text/text';
import { Button, Loaded, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { act } from './acts';
import { words } from './text';
import './village.css';

function Head({ c }: { c: Consultation }): JSX.Element {
    return <header class="village-print-head">
        <h1>{words('printTitle')}</h1>
        <dl class="facts">
            <dt>{words('printNumber')}</dt><dd>{c.id}</dd>
            <dt>{words('printPatient')}</dt><dd>{patientWords(c.patient)}{c.patient?.idNumber && ` · ${c.patient.idNumber}`}</dd>
            <dt>{words('printFrom')}</dt><dd>{c.applicant.institution.name} · {c.applicant.name} · {dated(c.submittedAt)}</dd>
            <dt>{words('printTo')}</dt><dd>{c.specialist ? `${c.specialist.institution.name} · ${c.panel.name}` : c.panel.name}</dd>
            <dt>{words('printComplaint')}</dt><dd>{c.complaint}</dd>
        </dl>
    </header>;
}

/** What lets anybody check the paper against the signed bytes. */
function Signatures({ id }: { id: string }): JSX.Element {
    const rows = useLoad(async () => (await server.call('opinion.list', { consultationId: id })).opinions.filter((o) => o.signed && !o.supersededBy), [id]);
    return <Loaded of={rows}>{(all) => <section class="village-print-sign">{all.map((o) => <dl key={o.id} class="facts">
        <dt>{words('signature')}</dt><dd>{o.author.name} · {o.author.institution.name}{o.signedAt && ` · ${dated(o.signedAt)}`} · {o.id} · v{o.version}</dd>
        <dt>{words('algorithm')}</dt><dd>{o.algorithm}</dd>
        <dt>{words('hash')}</dt><dd class="village-hash">{o.hash}</dd>
    </dl>)}</section>}</Loaded>;
}

export function OpinionPage({ rest }: { rest: string[] }): JSX.Element {
    const id = rest[0] ?? '';
    const live = useCase(id);
    return <Loaded of={live}>{(c) => <article class="village-opinion">
        <Head c={c} />
        <OpinionReader consultationId={id} />
        <Signatures id={id} />
        <div class="buttons">
            {c.state === 'delivered' && <Button look="primary" onClick={() => act(id, 'acknowledge', 'consultation.acknowledge', { id })}>{words('acknowledge')}</Button>}
            {(c.state === 'follow_up_due' || c.state === 'acknowledged') && <a class="button" href={`#/followup/${id}`}>{words('followUp')}</a>}
            <Button onClick={() => window.print()}>{words('printIt')}</Button>
            <a class="button" href={`#/case/${id}`}>{words('back')}</a>
        </div>
    </article>}</Loaded>;
}
