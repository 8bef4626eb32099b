// SPDX-License-Identifier: Apache-2.0
// A refusal and its reason, which applicant and coordinator read. In the words of the language it is written in.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { common } from '../text/common';
import { language } from '../text/text';
import { Button, Choices, Dialog, Field } from '../ui/ui';
import { words } from './text';

const REASONS = ['busy', 'specialty', 'material', 'level', 'relation', 'technical', 'other'] as const;
type Reason = (typeof REASONS)[number];
const REASON_MAX = 500;

/** Choice and free text as one reason. */
function reasonText(chosen: Reason, more: string): string {
    const head = chosen === 'other' ? '' : words(`reason.${chosen}`);
    return [head, more.trim()].filter(Boolean).join(language.value === 'en' ? '. ' : '。').slice(0, REASON_MAX);
}

export function RefuseDialog({ open, title, onRefuse, onClose }: { open: boolean; title: string; onRefuse(reason: string): Promise<void>; onClose(): void }): JSX.Element {
    const [chosen, setChosen] = useState<Reason | ''>('');
    const [more, setMore] = useState('');
    const enough = chosen !== '' && (chosen !== 'other' || more.trim() !== '');
    return <Dialog open={open} title={title} onClose={onClose}>
        <Choices label={words('refuseReason')} value={chosen} options={REASONS.map((r) => [r, words(`reason.${r}`)])} onChange={(r) => setChosen(r)} />
        <Field label={words('refuseMore')}><textarea rows={3} maxLength={400} value={more} onInput={(e) => setMore(e.currentTarget.value)} /></Field>
        <div class="buttons"><Button look="danger primary" disabled={!enough} onClick={() => onRefuse(reasonText(chosen as Reason, more))}>{words('refuseSend')}</Button><Button onClick={onClose}>{common('back')}</Button></div>
    </Dialog>;
}
