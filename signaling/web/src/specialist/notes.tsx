// SPDX-License-Identifier: Apache-2.0
// Guidance leaves notes, no opinion. What is typed is kept on this machine until it is saved.
import type { JSX } from 'preact';
import { remember } from '../case/case';
import { useKept } from '../keep/kept';
import { clean } from '../opinion/draft';
import { when } from '../text/text';
import { Button, Field, toast } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { words } from './text';

const STATES = ['accepted', 'in_progress', 'interrupted', 'archived'];

export function Notes({ c }: { c: Consultation }): JSX.Element {
    const { value: { text }, ready, set, forget } = useKept(`form/note/${c.id}`, { text: '' });
    const save = async (): Promise<void> => {
        remember((await server.call('consultation.note', { id: c.id, text: clean(text).trim() })).consultation);
        await forget();
        toast(words('noteKept'), 'good');
    };
    const notes = (c.entries ?? []).filter((e) => e.kind === 'note');
    return <section class="card"><h2>{words('notes')}</h2>
        {notes.map((n) => <p key={n.id} class="opinion-text"><span class="muted">{when(n.at)}</span> {n.text}</p>)}
        {ready && STATES.includes(c.state) && <><Field label={words('noteNew')}><textarea rows={4} maxLength={4000} value={text} onInput={(e) => set({ text: e.currentTarget.value })} /></Field>
            <Button look="primary" disabled={!text.trim()} onClick={save}>{words('noteAdd')}</Button></>}
    </section>;
}
