// SPDX-License-Identifier: Apache-2.0
// How a consent is signed, and what shows it: drawn here, a photo of the paper, or spoken with a witness. What was
// signed belongs to the text that was shown: with another text it is signed anew.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { keep } from '../app/session';
import { dropFile, type FileRef } from '../outbox/files';
import { Button, Choices, Field } from '../ui/ui';
import { AddFiles, AttachedList } from './attach';
import type { ConsentText } from './consenttext';
import { words } from './formtext';
import { HOWS, type Attached, type How } from './request';
import { Signature } from './signature';
import { PlayNote, VoiceNote } from './voice';

export interface Signing { how: How; drawn: FileRef | undefined; paper: Attached[]; witness: string }

/** Whole: what shows it is there, and who heard what was spoken. */
export const isWhole = ({ how, drawn, paper, witness }: Signing): boolean => (how === 'electronic' ? drawn !== undefined : paper.length > 0 && (how !== 'voice' || witness.trim() !== ''));

/** Which text a signature belongs to; '' while none is shown. */
export const boundTo = (text: Pick<ConsentText, 'version' | 'language'> | undefined): string => (text ? `${text.version}/${text.language}` : '');

/** What is signed is taken away once another text is shown; says so until it is signed anew. `signed`: the text of then. */
export function useBound(shown: string, signed: string, some: boolean, clear: () => void): boolean {
    const [cleared, setCleared] = useState(false);
    useEffect(() => {
        if (!some || !shown || !signed || shown === signed) return;
        clear();
        setCleared(true);
    }, [shown, signed, some]);
    return cleared && !some;
}

/** The kept files of what was signed. */
export function dropSigned(drawn: FileRef | undefined, paper: Attached[]): void {
    if (drawn) void dropFile(keep.value!, drawn.id);
    for (const a of paper) for (const f of [a.file, ...(a.preview ? [a.preview] : [])]) void dropFile(keep.value!, f.id);
}

interface Props { signing: Signing; slot: string; changed: boolean; held(): Promise<string[] | undefined>; onChange(with_: Partial<Signing>): void }

/** `slot`: for what is spoken; `changed`: the text is another than the one that was signed. */
export function SignedBy({ signing, slot, changed, held, onChange }: Props): JSX.Element {
    const { how, drawn, paper, witness } = signing;
    const less = (gone: Attached): void => { dropSigned(undefined, [gone]); onChange({ paper: paper.filter((a) => a !== gone) }); };
    const other = (next: How): void => {
        dropSigned(drawn, paper);
        onChange({ how: next, drawn: undefined, paper: [] });
    };
    return <>
        {changed && <p class="note warn" role="alert">{words('textChanged')}</p>}
        <Choices label={words('howSigned')} value={how} options={HOWS.map((h) => [h, words(`how.${h}`)])} onChange={other} />
        {how === 'electronic' && <Signature file={drawn} onChange={(file) => onChange({ drawn: file })} />}
        {how === 'written' && <><AddFiles onAdd={(more) => onChange({ paper: [...paper, ...more] })} held={async () => (await held())?.concat(paper.map((a) => a.file.name))} /><AttachedList files={paper} onRemove={less} /></>}
        {how === 'voice' && (paper[0] ? <div class="village-note"><PlayNote note={paper[0]} /><Button look="danger quiet" label={words('removeFile', { name: paper[0].file.name })} onClick={() => less(paper[0]!)}>✕</Button></div>
            : <><p class="muted">{words('voiceConsentHint')}</p><VoiceNote slot={`${slot}-consent`} onDone={(note) => onChange({ paper: [note] })} /></>)}
        {how !== 'electronic' && <Field label={words('witness')} hint={how === 'voice' ? words('witnessMust') : words('optional')}><input autocomplete="off" maxLength={80} value={witness} onInput={(ev) => onChange({ witness: ev.currentTarget.value })} /></Field>}
    </>;
}
