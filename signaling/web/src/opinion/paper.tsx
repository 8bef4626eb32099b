// SPDX-License-Identifier: Apache-2.0
// What stands around an opinion on paper: head, and the facts of the signatures below it.
import type { JSX } from 'preact';
import { patientWords } from '../case/case';
import { dated } from '../text/text';
import { Loaded, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { words } from './text';
import './opinion.css';

/** Whose it is and what was asked. */
export function PaperHead({ c }: { c: Consultation }): JSX.Element {
    return <header class="opinion-print-head">
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
export function PaperSignatures({ id }: { id: string }): JSX.Element {
    const rows = useLoad(async () => (await server.call('opinion.list', { consultationId: id })).opinions.filter((o) => o.signed && !o.supersededBy), [id]);
    return <Loaded of={rows}>{(all) => <section class="opinion-print-sign">{all.map((o) => <dl key={o.id} class="facts">
        <dt>{words('signature')}</dt><dd>{o.author.name} · {o.author.institution.name}{o.signedAt && ` · ${dated(o.signedAt)}`} · {o.id} · v{o.version}</dd>
        <dt>{words('algorithm')}</dt><dd>{o.algorithm}</dd>
        <dt>{words('hash')}</dt><dd class="opinion-hash">{o.hash}</dd>
    </dl>)}</section>}</Loaded>;
}
