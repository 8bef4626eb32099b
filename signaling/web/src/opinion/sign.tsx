// SPDX-License-Identifier: Apache-2.0
// Signing: shows exactly what is signed, by whom, and what is left out; asks once. The server signs and delivers.
import type { JSX } from 'preact';
import { account } from '../app/session';
import { common } from '../text/common';
import { language } from '../text/text';
import { Button, Dialog } from '../ui/ui';
import { isEmpty, omissionsOf, toWire } from './draft';
import type { Drafting } from './drafting';
import { fieldName } from './editor';
import { words } from './editor_text';
import { OpinionBody } from './reader';
import { blanksIn } from './templates';

interface SignProps {
    open: boolean;
    of: Drafting;
    title: string;
    reading: boolean;
    children?: JSX.Element | null; // what is signed beside: dissent, reason
    onSign(): Promise<void>;
    onClose(): void;
}

function list(names: string[]): string {
    return names.join(language.value === 'en' ? ', ' : '、');
}

export function SignDialog({ open, of, title, reading, children, onSign, onClose }: SignProps): JSX.Element {
    const draft = of.draft.value;
    const me = account.value;
    const blanks = blanksIn(draft);
    const omitted = omissionsOf(draft).filter((f) => !reading || f !== 'plan');
    return <Dialog open={open} title={title} onClose={onClose}>
        {isEmpty(draft) ? <p class="note bad">{words('empty')}</p> : <>
            <p>{words('signWhat', { name: me?.name ?? '', institution: me?.institution.name ?? '' })}</p>
            {blanks.length > 0 && <p class="note bad" role="alert">{words('blanks', { fields: list(blanks.map(fieldName)) })}</p>}
            {omitted.length > 0 && <p class="note warn">{words('omitted', { fields: list(omitted.map(fieldName)) })}</p>}
            <div class="opinion-preview" tabIndex={0} role="region" aria-label={title}><OpinionBody text={toWire(draft)} />{children}</div>
        </>}
        <div class="buttons">
            <Button look="primary" disabled={isEmpty(draft) || blanks.length > 0 || of.held()} onClick={onSign}>{words('signYes')}</Button>
            <Button onClick={onClose}>{common('back')}</Button>
        </div>
    </Dialog>;
}
