// SPDX-License-Identifier: Apache-2.0
// Requests that the server did not take: why, and the way back to the form.
import type { JSX } from 'preact';
import { outboxItems } from '../outbox/start';
import { inLanguage } from '../text/text';
import { TURNS_DRAFT } from './drafts';
import { words } from './text';

export function RefusedRequests(): JSX.Element | null {
    const items = outboxItems.value.filter((i) => i.state === 'refused' && TURNS_DRAFT.has(i.what));
    if (!items.length) return null;
    return <ul class="village-rows">{items.map((i) => <li key={i.id} class="card village-todo"><div><strong>{i.detail || words('noName')}</strong> <span class="tag bad">{words('refusedTitle')}</span>{i.problem && <><br /><span>{inLanguage(i.problem)}</span></>}</div>
        <a class="button primary" href={`#/sent/${encodeURIComponent(i.group)}`}>{words('editAgain')}</a></li>)}</ul>;
}
