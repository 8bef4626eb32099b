// SPDX-License-Identifier: Apache-2.0
// The outbox as people see it: what waits, how far it is, what was not taken and what to do about it.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { go } from '../app/router';
import { common } from '../text/common';
import { inLanguage } from '../text/text';
import { Button, Dialog } from '../ui/ui';
import { server } from '../wire/server';
import type { Item } from './outbox';
import { leaveAnyway, leaving, outbox, outboxItems, refusedCount } from './start';
import { words } from './text';
import './outbox.css';

export function sizeWords(bytes: number): string {
    if (bytes < 1024) return `${bytes} B`;
    return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

const whatWords = (item: Item): string => words(`what.${item.what}` as 'what.submit') + (item.detail ? ` · ${item.detail}` : '');

function standing(item: Item): string {
    if (item.needs.length) return words('needs');
    const wait = Math.ceil((item.notBefore - Date.now()) / 1000);
    if (item.state === 'waiting' && wait > 1) return words('again', { s: wait });
    return words(`state.${item.state}`);
}

/** What makes a request of a draft goes back to it. */
const ofDraft = (item: Item): boolean => item.what === 'draft' || item.what === 'submit' || item.what === 'emergency';

/** Whether there was a draft to give it back to. */
async function giveBack(item: Item): Promise<boolean> {
    return (await import('../village/drafts')).recall(item.group);
}

async function edit(item: Item): Promise<void> {
    if (await giveBack(item)) go('new', item.group, 'send');
}

async function remove(item: Item): Promise<void> {
    if (!ofDraft(item) || !(await giveBack(item))) await (await outbox()).remove(item.id);
}

function One({ item, onRemove }: { item: Item; onRemove(): void }): JSX.Element {
    const { task } = item;
    return <li class="card outbox-item">
        <div><h2>{whatWords(item)}</h2><span class="muted">{standing(item)}{task.kind === 'upload' && ` · ${words('bytes', { sent: sizeWords(item.sent), all: sizeWords(task.file.bytes) })}`}</span></div>
        <div class="buttons">
            {item.state !== 'sending' && item.needs.length === 0 && <Button onClick={async () => (await outbox()).retry(item.id)}>{common('retry')}</Button>}
            {ofDraft(item) && item.state === 'refused' && <Button look="primary" onClick={() => edit(item)}>{words('edit')}</Button>}
            <Button look="danger" onClick={onRemove} label={`${words('remove')}: ${whatWords(item)}`}>{words('remove')}</Button>
        </div>
        {task.kind === 'upload' && <progress max={task.file.bytes} value={item.sent} aria-label={whatWords(item)} />}
        {item.problem && <div class={`note ${item.state === 'refused' ? 'bad' : 'warn'}`} role={item.state === 'refused' ? 'alert' : undefined}>{inLanguage(item.problem)}</div>}
    </li>;
}

function needing(item: Item): Item[] {
    const direct = outboxItems.value.filter((other) => other.needs.includes(item.id));
    return direct.flatMap((other) => [other, ...needing(other)]);
}

export function OutboxPage(): JSX.Element {
    const [asked, setAsked] = useState<Item | null>(null);
    const [, setTick] = useState(0);
    useEffect(() => { const timer = setInterval(() => setTick((n) => n + 1), 1000); return () => clearInterval(timer); }, []);
    const items = outboxItems.value;
    const more = asked ? new Set(needing(asked).map((i) => i.id)).size : 0;
    return <>
        <h1>{words('title')}</h1>
        {leaving.value !== null && <div class="note bad" role="alertdialog" aria-label={words('leave')}><p>{words('signOutSure', { n: leaving.value })}</p><div class="buttons"><Button look="primary" onClick={() => void (leaving.value = null)}>{words('stay')}</Button><Button look="danger" onClick={leaveAnyway}>{words('leave')}</Button></div></div>}
        {items.length === 0 ? <p class="note good" role="status">✓ {words('empty')}</p> : <p>{words('why')}</p>}
        {items.length > 0 && server.state.value !== 'ready' && server.state.value !== 'offline' && <p class="note warn" role="status">{words('offline')}</p>}
        <ul class="outbox-list">{items.map((item) => <One key={item.id} item={item} onRemove={() => setAsked(item)} />)}</ul>
        <Dialog open={asked !== null} title={words('remove')} onClose={() => setAsked(null)}>
            {asked && <p>{words('removeSure', { what: whatWords(asked) })} {ofDraft(asked) ? words('removeDraft', { name: asked.detail || words('noName') }) : more > 0 && words('removeMore', { n: more })} {asked.task.kind === 'upload' && words('removeLost')}</p>}
            <div class="buttons"><Button look="danger primary" onClick={async () => { await remove(asked!); setAsked(null); }}>{words('remove')}</Button><Button onClick={() => setAsked(null)}>{common('cancel')}</Button></div>
        </Dialog>
    </>;
}

/** One line on other pages while something waits. `group`: only what belongs to it. */
export function OutboxBar({ group }: { group?: string }): JSX.Element | null {
    const items = outboxItems.value.filter((i) => !group || i.group === group);
    if (!items.length) return null;
    const files = items.filter((i) => i.task.kind === 'upload');
    const all = files.reduce((sum, i) => sum + (i.task.kind === 'upload' ? i.task.file.bytes : 0), 0);
    const sent = files.reduce((sum, i) => sum + i.sent, 0);
    const refused = items.filter((i) => i.state === 'refused').length;
    return <div class={`note outbox-bar ${refused ? 'bad' : server.state.value === 'ready' ? '' : 'warn'}`} role="status">
        <span>{refused ? words('barRefused', { n: refused }) : words('bar', { n: items.length })}{server.state.value !== 'ready' && ` · ${words('offline')}`}</span>
        {all > 0 && <progress max={all} value={sent} aria-label={words('title')} />}
        <a class="button" href="#/outbox">{words('look')}</a>
    </div>;
}

export { outboxItems, refusedCount };
