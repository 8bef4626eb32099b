// SPDX-License-Identifier: Apache-2.0
// A refusal and its reason, which applicant and coordinator read. In the words of the language it is written in.
import type { JSX } from 'preact';
import { useKept } from '../keep/kept';
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

interface Refusing { chosen: Reason | ''; more: string }

/** `id`: of the consultation. */
export function RefuseDialog({ id, open, title, onRefuse, onClose }: { id: string; open: boolean; title: string; onRefuse(reason: string): Promise<void>; onClose(): void }): JSX.Element {
    const { value: { chosen, more }, ready, set, forget } = useKept<Refusing>(`form/refuse/${id}`, { chosen: '', more: '' });
    const enough = chosen !== '' && (chosen !== 'other' || more.trim() !== '');
    const send = async (): Promise<void> => {
        await onRefuse(reasonText(chosen as Reason, more));
        await forget();
    };
    return <Dialog open={open && ready} title={title} onClose={onClose}>
        <Choices label={words('refuseReason')} value={chosen} options={REASONS.map((r) => [r, words(`reason.${r}`)])} onChange={(r) => set({ chosen: r })} />
        <Field label={words('refuseMore')}><textarea rows={3} maxLength={400} value={more} onInput={(e) => set({ more: e.currentTarget.value })} /></Field>
        <div class="buttons"><Button look="danger primary" disabled={!enough} onClick={send}>{words('refuseSend')}</Button><Button onClick={onClose}>{common('back')}</Button></div>
    </Dialog>;
}
