// SPDX-License-Identifier: Apache-2.0
// What the patient agreed to, in one line each, and who signed.
import type { JSX } from 'preact';
import { Loaded, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { words } from './text';

const PURPOSES = ['care', 'share', 'recording', 'teaching'] as const;

export function ConsentScope({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const consent = useLoad(() => server.call('consent.get', { consultationId: c.id }), [c.id, c.revision]);
    return <section aria-label={words('consent')}><h2>{words('consent')}</h2>
        <Loaded of={consent}>{({ allows, consents }) => {
            const signer = consents.find((one) => one.inForce)?.signer;
            return <>
                <ul class="specialist-consent">{PURPOSES.map((p) => <li key={p} class={allows[p] ? 'yes' : 'no'}><span aria-hidden="true">{allows[p] ? '✓' : '✕'}</span> {words(`consent.${p}`)} <span class="muted">{words(allows[p] ? 'allowed' : 'notAllowed')}</span></li>)}</ul>
                <p class="muted">{signer ? words('consentSigner', { name: signer.name, relation: signer.relation === 'self' ? words('self') : signer.relation }) : words(c.kind === 'emergency' ? 'consentLate' : 'consentNone')}</p>
            </>;
        }}</Loaded>
    </section>;
}
