// SPDX-License-Identifier: Apache-2.0
// The opinion on the screen and on paper: whose it is, what was asked, the text, the facts of the signature; and the
// applicant's word that it was read.
import type { JSX } from 'preact';
import { useCase } from '../case/case';
import { PaperHead, PaperSignatures } from '../opinion/paper';
import { OpinionReader } from '../opinion/reader';
import { Button, Loaded } from '../ui/ui';
import { act } from './acts';
import { words } from './text';
import './village.css';

export function OpinionPage({ rest }: { rest: string[] }): JSX.Element {
    const id = rest[0] ?? '';
    const live = useCase(id);
    return <Loaded of={live}>{(c) => <article class="village-opinion">
        <PaperHead c={c} />
        <OpinionReader consultationId={id} />
        <PaperSignatures id={id} />
        <div class="buttons">
            {c.state === 'delivered' && <Button look="primary" onClick={() => act(id, 'acknowledge', 'consultation.acknowledge', { id })}>{words('acknowledge')}</Button>}
            {(c.state === 'follow_up_due' || c.state === 'acknowledged') && <a class="button" href={`#/followup/${id}`}>{words('followUp')}</a>}
            <Button onClick={() => window.print()}>{words('printIt')}</Button>
            <a class="button" href={`#/case/${id}`}>{words('back')}</a>
        </div>
    </article>}</Loaded>;
}
